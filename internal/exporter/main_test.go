package exporter_test

import (
	"flag"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	// Each check makes two databases and waits some thirty times for the disk;
	// -rapid.checks asks for more.
	if err := flag.Set("rapid.checks", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
