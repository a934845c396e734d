package eventlog_test

import (
	"os"
	"path/filepath"
	"testing"
)

// sharedLogs are the logs of two boots in the laboratory beside the repository;
// none where it is absent.
func sharedLogs(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("../../../shared/lab/eventlog-*.bin")
	if err != nil {
		t.Fatal(err)
	}
	logs := map[string][]byte{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		logs[name] = b
	}
	return logs
}
