package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"path/filepath"

	"github.com/larderhq/larder/internal/source/module"
)

// evaluate runs a data module; its exports are read as a JSON file is.
func (f *File) evaluate(ctx context.Context, progress func(Progress)) (*Answer, error) {
	entry := f.settings.Path
	if filepath.IsAbs(entry) {
		if inside, err := filepath.Rel(f.settings.Dir, entry); err == nil {
			entry = inside
		}
	}
	data, err := module.Evaluate(ctx, f.settings.Dir, entry, f.settings.Limits)
	if err != nil {
		return nil, err
	}
	progress(Progress{Bytes: int64(len(data.JSON)), Pages: 1})
	format := &document{name: f.Address()}
	roots, err := format.check(bytes.NewReader(data.JSON))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data.JSON)
	return &Answer{
		Address: f.Address(), FetchedAt: data.Modified.UTC(), Bytes: int64(len(data.JSON)), Pages: 1, Complete: true,
		Notices: data.Notices, Files: data.Files, Fingerprint: "sha256:" + hex.EncodeToString(sum[:]), roots: roots,
		close: func() error { return nil },
		records: func(path string) iter.Seq2[Record, error] {
			return func(yield func(Record, error) bool) { format.records(bytes.NewReader(data.JSON), path, yield) }
		},
	}, nil
}
