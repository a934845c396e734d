package input

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Names are names of files; in the place of "-" stand those on the lines of a text.
func Names(given []string, text io.Reader) ([]string, error) {
	i := slices.Index(given, "-")
	if i < 0 {
		return given, nil
	}
	var names []string
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		if err := AreNames(lines.Bytes()); err != nil && len(names) == 0 {
			return nil, err
		}
		if name := lines.Text(); name != "" {
			names = append(names, name)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the names of inputs: %w", err)
	}
	all := slices.Concat(given[:i], names, given[i+1:])
	switch {
	case slices.Contains(all, "-"):
		return nil, errors.New("- is given twice: standard input is read once")
	case len(all) == 0:
		return nil, errors.New("standard input names no input")
	}
	return all, nil
}

// AreNames says that a text can hold names of files, and is not a report or a capture itself.
func AreNames(text []byte) error {
	first, _, _ := bytes.Cut(bytes.TrimLeft(text, " \t\r\n"), []byte("\n"))
	first = bytes.TrimSpace(first)
	if bytes.Equal(first, []byte("{")) || bytes.HasPrefix(first, []byte(`{"`)) || bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		return errors.New("standard input holds a file, and - stands for names of files, one on each line: give /dev/stdin for the file itself")
	}
	return nil
}
