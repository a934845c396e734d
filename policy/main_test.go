package policy

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain collects garbage as seldom as the program does: compiling rules over and over
// makes much of it.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
