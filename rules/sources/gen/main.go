// Command gen makes the rules' data from the sources beside it: one folder, one file a
// source, each entry with where it was read. It refuses what is not complete, so that
// data that cannot be cited are not built. It is run by make data.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	from := flag.String("from", "sources", "the folder of the sources")
	out := flag.String("out", "data", "the folder of the data")
	check := flag.Bool("check", false, "write nothing, and fail where the data are not those of the sources")
	flag.Parse()
	if err := run(*from, *out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(from, out string, check bool) error {
	for _, made := range []struct {
		name string
		make func(from string) (any, error)
	}{
		{"restrictions.json", restrictions},
		{"driver_advisories.json", advisories},
	} {
		document, err := made.make(from)
		if err != nil {
			return fmt.Errorf("%s: %w", made.name, err)
		}
		text, err := json.MarshalIndent(document, "", " ")
		if err != nil {
			return err
		}
		if err := put(filepath.Join(out, made.name), append(text, '\n'), check); err != nil {
			return err
		}
	}
	return nil
}

// put writes a file, or holds the one that is there against what it would write.
func put(name string, text []byte, check bool) error {
	if !check {
		return os.WriteFile(name, text, 0o644)
	}
	have, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, text) {
		return fmt.Errorf("%s is not what the sources give: run make data", name)
	}
	return nil
}
