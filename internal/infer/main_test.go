package infer_test

import (
	"os"
	"testing"

	"github.com/larderhq/larder/internal/source/module"
)

// TestMain lets the test binary be the child that evaluates a data module.
func TestMain(m *testing.M) {
	module.Child()
	os.Exit(m.Run())
}
