package module_test

import (
	"os"
	"testing"

	"github.com/larderhq/larder/internal/source/module"
)

// TestMain lets the test binary be the child of its evaluations.
func TestMain(m *testing.M) {
	module.Child()
	os.Exit(m.Run())
}
