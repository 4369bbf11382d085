package project

import (
	"cmp"
	"context"

	"github.com/larderhq/larder/internal/source"
)

// Contract asks the named source's endpoint for the types that its query selects
// from; known is what it said before, or nil. A file has none, which is nil.
func (p *Project) Contract(ctx context.Context, name string, how Opening, known *source.Contract) (*source.Contract, error) {
	s := p.Settings.Sources[name]
	if s == nil {
		return nil, unknown("source", name, p.SourceNames())
	}
	if s.Kind == kindFile {
		return nil, nil
	}
	settings, err := p.resolve(s)
	if err != nil {
		return nil, err
	}
	settings.Hosts, settings.UserAgent = p.hosts, cmp.Or(s.UserAgent, how.UserAgent)
	return source.AskContract(ctx, settings, known)
}
