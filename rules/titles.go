package rules

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// idLine is how the id stands in the metadata of a rule.
const idLine = "#   id: "

// Titles are the English titles of the rules, by their ids. No rule is compiled for them: a
// shell waits.
func Titles() (map[string]string, error) {
	texts, err := Messages()
	if err != nil {
		return nil, err
	}
	titles := map[string]string{}
	err = fs.WalkDir(tree, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Base(name) != "rule.rego" {
			return err
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		lines := bufio.NewScanner(bytes.NewReader(text))
		for lines.Scan() {
			if id, ok := strings.CutPrefix(lines.Text(), idLine); ok {
				titles[id] = texts[path.Base(path.Dir(name))+".title"]
				return nil
			}
		}
		return fmt.Errorf("%s: no id", name)
	})
	return titles, err
}
