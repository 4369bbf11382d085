package internal_test

import (
	"os"
	"testing"

	datamodule "github.com/larderhq/larder/internal/source/module"
)

// TestMain lets the test binary be the child that evaluates a data module.
func TestMain(m *testing.M) {
	datamodule.Child()
	os.Exit(m.Run())
}
