package main

import (
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/config"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// readSettings reads a file of settings as scan does.
func readSettings(t *testing.T, text string) {
	known, _ := settingsOf(commandTree(t))
	layer, err := config.Parse(&input.File{Name: "config.yaml", Data: []byte(text)}, "/etc/gpuaudit", known)
	if err != nil {
		t.Fatal(err)
	}
	if len(layer) == 0 {
		t.Error("no setting in it")
	}
}
