package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/storetest"
)

func TestEngine(t *testing.T) {
	storetest.Run(t, func(t *testing.T, _ *model.Schema) func() (store.Engine, error) {
		path := filepath.Join(t.TempDir(), "larder.db")
		return func() (store.Engine, error) { return Open(t.Context(), path, Options{}) }
	})
}
