package rules

import (
	"embed"
	"io/fs"
)

//go:embed packs/*.yaml
var packs embed.FS

// Packs returns the packs that ship, NAME.yaml each.
func Packs() fs.FS {
	sub, err := fs.Sub(packs, "packs")
	if err != nil {
		panic("rules: " + err.Error()) // the path is a constant
	}
	return sub
}
