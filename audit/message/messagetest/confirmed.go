package messagetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// confirm names the sentences that somebody looked at, in English and in the translation.
var confirm = flag.String("confirm", "", "ids of messages whose French still says what the English does, with commas between; or all")

// Confirmed holds translations to the English that they were made of: a file has the digest
// of the English sentence of each that somebody confirmed. One that was reworded since, or is
// new, is named until somebody has looked at its French and says so with -confirm.
func Confirmed(t *testing.T, file string, translated, english map[string]string) {
	t.Helper()
	old, err := os.ReadFile(file)
	if err != nil && *confirm == "" {
		t.Fatal(err)
	}
	list := digests(string(old))
	if *confirm != "" {
		accept(list, strings.Split(*confirm, ","), translated, english)
		if text := listed(list); !bytes.Equal(old, text) {
			write(t, file, text)
		}
	}
	for _, fault := range unconfirmed(list, translated, english) {
		t.Errorf("%s: %s", file, fault)
	}
}

// digest is that of a sentence, in 12 digits.
func digest(english string) string {
	sum := sha256.Sum256([]byte(english))
	return hex.EncodeToString(sum[:6])
}

// digests reads lines of an id and a digest.
func digests(text string) map[string]string {
	list := map[string]string{}
	for line := range strings.Lines(text) {
		if id, sum, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			list[id] = sum
		}
	}
	return list
}

func listed(list map[string]string) []byte {
	var b bytes.Buffer
	for _, id := range slices.Sorted(maps.Keys(list)) {
		fmt.Fprintf(&b, "%s %s\n", id, list[id])
	}
	return b.Bytes()
}

// accept notes that the translations of these ids, or of all, say what their English does
// now, and forgets those that are gone.
func accept(list map[string]string, ids []string, translated, english map[string]string) {
	for id := range translated {
		if slices.Contains(ids, id) || slices.Contains(ids, "all") {
			list[id] = digest(english[id])
		}
	}
	maps.DeleteFunc(list, func(id, _ string) bool { return translated[id] == "" })
}

// unconfirmed says of which translations nobody said that they fit the English of now.
func unconfirmed(list, translated, english map[string]string) (faults []string) {
	for _, id := range slices.Sorted(maps.Keys(translated)) {
		switch sum := list[id]; {
		case sum == "":
			faults = append(faults, fmt.Sprintf("%s is new: read both sentences, then go test with -confirm %[1]s\n  English: %s\n  French:  %s", id, english[id], translated[id]))
		case sum != digest(english[id]):
			faults = append(faults, fmt.Sprintf("the English of %s was reworded: put its French right, then go test with -confirm %[1]s\n  English: %s\n  French:  %s", id, english[id], translated[id]))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(list)) {
		if translated[id] == "" {
			faults = append(faults, fmt.Sprintf("%s is gone: go test with -confirm %[1]s", id))
		}
	}
	return faults
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}
