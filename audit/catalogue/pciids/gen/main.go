// Command gen makes the embedded list of package pciids from a pci.ids file,
// such as the one of Debian's package pci.ids.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"regexp"
	"strings"
)

var dateLine = regexp.MustCompile(`^#\s+Date:\s+(\d{4}-\d{2}-\d{2})`)

func main() {
	log.SetFlags(0)
	in := flag.String("in", "", "pci.ids file")
	out := flag.String("out", "", "file to write")
	flag.Parse()
	src, err := os.ReadFile(*in)
	if err != nil {
		log.Fatal(err)
	}
	list, err := compact(src)
	if err != nil {
		log.Fatalf("%s: %v", *in, err)
	}
	if err := os.WriteFile(*out, list, 0o644); err != nil {
		log.Fatal(err)
	}
}

// compact drops comments and blank lines and puts the list's date first.
func compact(src []byte) ([]byte, error) {
	var body bytes.Buffer
	date := ""
	lines := bufio.NewScanner(bytes.NewReader(src))
	for lines.Scan() {
		line := lines.Text()
		if m := dateLine.FindStringSubmatch(line); m != nil && date == "" {
			date = m[1]
		}
		if line = strings.TrimRight(line, " \t"); line == "" || line[0] == '#' {
			continue
		}
		body.WriteString(line + "\n")
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if date == "" {
		return nil, fmt.Errorf("the list states no date")
	}
	return append([]byte("PCI ID Project (https://pci-ids.ucw.cz/), 3-clause BSD licence, date "+date+"\n"), body.Bytes()...), nil
}
