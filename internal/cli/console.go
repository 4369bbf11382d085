package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// console is where a command speaks.
type console struct {
	out, err    io.Writer
	outTerminal bool // out is a terminal
	errTerminal bool
	plain       bool // no colours
	json        bool // results are JSON
}

// newConsole looks at what the two streams are. NO_COLOR (no-color.org) and
// TERM=dumb turn colours off.
func newConsole(stdout, stderr io.Writer, environ []string) *console {
	c := &console{out: stdout, err: stderr, outTerminal: isTerminal(stdout), errTerminal: isTerminal(stderr)}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if name == "NO_COLOR" && value != "" || name == "TERM" && value == "dumb" {
			c.plain = true
		}
	}
	return c
}

func isTerminal(stream io.Writer) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) //nolint:gosec // a descriptor fits an int
}

// style is an SGR parameter (ECMA-48, 8.3.117).
type style string

// The styles, by what they mean.
const (
	strong  style = "1"
	faint   style = "2"
	good    style = "32"
	warning style = "33"
	bad     style = "31"
	link    style = "36"
)

// paint styles text that goes to a stream, if that is a terminal.
func (c *console) paint(terminal bool, s style, text string) string {
	if !terminal || c.plain {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// step says what was done: a verb in a column of its own, then the facts.
func (c *console) step(s style, verb, format string, args ...any) {
	c.line("%s  %s", c.paint(c.outTerminal, s, fmt.Sprintf("%-9s", verb)), fmt.Sprintf(format, args...))
}

// detail continues a step.
func (c *console) detail(format string, args ...any) {
	c.line("%9s  %s", "", fmt.Sprintf(format, args...))
}

// line says a line of the result to people.
func (c *console) line(format string, args ...any) {
	if !c.json {
		_, _ = fmt.Fprintf(c.out, format+"\n", args...) // a closed pipe ends the process by itself
	}
}

// event says a part of the result to programs: the members of facts, which is
// a struct, after the name of the event.
func (c *console) event(name string, facts any) {
	if c.json {
		_, _ = fmt.Fprintln(c.out, eventText(name, facts)) // as in line
	}
}

// eventText is an event as a JSON object.
func eventText(name string, facts any) string {
	members, err := json.Marshal(facts)
	if err != nil {
		members = fmt.Appendf(nil, `{"error":%q}`, err)
	}
	text := fmt.Sprintf(`{"event":%q`, name)
	if rest := strings.TrimPrefix(string(members), "{"); rest != "}" {
		text += "," + rest
	} else {
		text += rest
	}
	return text
}

// warn says what a person should know and no program needs.
func (c *console) warn(format string, args ...any) {
	_, _ = fmt.Fprintf(c.err, "%s %s\n", c.paint(c.errTerminal, warning, "warning:"), fmt.Sprintf(format, args...)) // as in line
}

// failure says why the command failed.
func (c *console) failure(message string) {
	_, _ = fmt.Fprintf(c.err, "%s %s\n", c.paint(c.errTerminal, bad, "larder:"), message) // as in line
}

// table says rows of cells in columns as wide as they need to be.
func (c *console) table(header []string, rows [][]string) {
	widths := make([]int, len(header))
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for n, row := range append([][]string{header}, rows...) {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-len([]rune(cell))+2))
			}
		}
		text := strings.TrimRight(line.String(), " ")
		if n == 0 {
			text = c.paint(c.outTerminal, faint, text)
		}
		c.line("%s", text)
	}
}

// count is a number with its noun: "1 planet", "60 planets".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", thousands(n), noun)
}

// thousands groups digits: 100,000.
func thousands(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// bytesText is a size as people say it.
func bytesText(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// took is a duration as people say it.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}
