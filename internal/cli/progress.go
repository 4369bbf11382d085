package cli

import (
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/source"
)

// progress shows bars on a terminal, and nothing elsewhere: what came of the
// work is said when it is done.
type progress struct {
	bars  *mpb.Progress // nil: nothing is shown
	name  string
	fetch *mpb.Bar
	phase map[string]*mpb.Bar
}

// newProgress begins the progress of what is called name.
func (c *console) newProgress(name string) *progress {
	p := &progress{name: name, phase: map[string]*mpb.Bar{}}
	if c.errTerminal && !c.json {
		p.bars = mpb.New(mpb.WithOutput(c.err), mpb.WithWidth(40), mpb.WithRefreshRate(100*time.Millisecond))
	}
	return p
}

// fetched tells how far the fetch has come; its end is not known.
func (p *progress) fetched(now source.Progress) {
	if p.bars == nil {
		return
	}
	if p.fetch == nil {
		p.fetch = p.bars.AddSpinner(0,
			mpb.PrependDecorators(decor.Name(p.name+" fetched", decor.WCSyncSpaceR), decor.CurrentKibiByte("% .1f", decor.WCSyncSpace)),
			mpb.AppendDecorators(decor.AverageSpeed(decor.SizeB1024(0), "% .1f")),
			mpb.BarRemoveOnComplete())
	}
	p.fetch.SetCurrent(now.Bytes)
}

// fetchDone ends the fetch's bar.
func (p *progress) fetchDone() {
	if p.fetch != nil {
		p.fetch.SetTotal(-1, true)
		p.fetch = nil
	}
}

// imported tells how far a phase of the import has come, which begins where the
// fetch ends.
func (p *progress) imported(now importer.Progress) {
	p.fetchDone()
	p.counted(string(now.Phase), now.Done, now.Total)
}

// counted tells how far a phase has come; its end is not known while total is 0.
func (p *progress) counted(phase string, done, total int) {
	if p.bars == nil {
		return
	}
	bar := p.phase[phase]
	if bar == nil {
		bar = p.newBar(phase, total)
		p.phase[phase] = bar
	}
	if total > 0 {
		bar.SetTotal(int64(total), false)
	}
	bar.SetCurrent(int64(done))
}

// newBar is the bar of a phase: one that fills where the end is known, else
// one that only moves.
func (p *progress) newBar(phase string, total int) *mpb.Bar {
	name := decor.Name(p.name+" "+phase, decor.WCSyncSpaceR)
	rate := mpb.AppendDecorators(decor.AverageSpeed(0, "%.0f/s"))
	if total == 0 {
		return p.bars.AddSpinner(0, mpb.PrependDecorators(name, decor.CurrentNoUnit("%d", decor.WCSyncSpace)), rate, mpb.BarRemoveOnComplete())
	}
	return p.bars.AddBar(int64(total), mpb.PrependDecorators(name, decor.CountersNoUnit("%d / %d", decor.WCSyncSpace)), rate, mpb.BarRemoveOnComplete())
}

// done removes the bars and waits for the terminal to be free.
func (p *progress) done() {
	if p.bars == nil {
		return
	}
	p.fetchDone()
	for _, bar := range p.phase {
		bar.SetTotal(-1, true)
	}
	p.bars.Wait()
	p.bars = nil
	clear(p.phase)
}
