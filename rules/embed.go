// Package rules holds the rules and their data. It runs nothing: package
// policy is handed the file system of this one.
package rules

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:generate go test . -run ^TestFactsSchema$ -update
//go:generate go test . -run ^TestPlan$ -update

//go:embed all:backdoor all:provenance all:import_restriction all:lib all:data all:messages
var tree embed.FS

//go:embed schema/facts.json
var schema []byte

//go:embed plan.bin
var plan []byte

//go:embed laws/fr.json
var frenchLaws []byte

// Plan returns the rules as package policy planned them at build time; a test holds
// them to be these rules.
func Plan() []byte { return plan }

// FS returns the rules, their tests and their data.
func FS() fs.FS { return tree }

// Messages returns the sentences of the rules in English, by their ids.
func Messages() (map[string]string, error) {
	text, err := tree.ReadFile(english)
	if err != nil {
		return nil, err
	}
	var texts map[string]string
	err = json.Unmarshal(text, &texts)
	return texts, err
}

// Translation returns the sentences of the rules in another language, a file as package
// message reads it; nil where there is none.
func Translation(code string) []byte {
	if code == "en" || strings.ContainsAny(code, "./") {
		return nil
	}
	text, err := tree.ReadFile("messages/" + code + ".json")
	if err != nil {
		return nil
	}
	return text
}

// Laws returns what the data on law say in another language, as package message reads it: what
// a law means for somebody, by "meaning." and the English; nil where there is none. Data that
// are newer than the program may say more.
func Laws(code string) []byte {
	if code != "fr" {
		return nil
	}
	return frenchLaws
}

// Schema returns the JSON schema of the input of every rule.
func Schema() []byte { return slices.Clone(schema) }

// DataSet is one body of embedded data.
type DataSet struct {
	Name   string // the file's name without extension
	Date   string // the day the data speaks for, YYYY-MM-DD
	SHA256 string // of the file
}

// Data lists the embedded data files that state a date, sorted by name, and
// the rules themselves as "rules", dated by the youngest of those files.
func Data() []DataSet {
	names, err := fs.Glob(tree, "data/*.json")
	if err != nil {
		panic("rules: " + err.Error()) // the pattern is a constant
	}
	rules := DataSet{Name: "rules", SHA256: digest()}
	var sets []DataSet
	for _, name := range names {
		d, err := dated(name)
		if err != nil {
			panic("rules: embedded file " + err.Error()) // embedded at build, held by a test
		}
		rules.Date = max(rules.Date, d.Date)
		sets = append(sets, d)
	}
	return append(sets, rules)
}

func dated(name string) (DataSet, error) {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return DataSet{}, err
	}
	var head struct {
		Date string `json:"date"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return DataSet{}, fmt.Errorf("%s: %w", name, err)
	}
	sum := sha256.Sum256(text)
	return DataSet{Name: strings.TrimSuffix(path.Base(name), ".json"), Date: head.Date, SHA256: hex.EncodeToString(sum[:])}, nil
}

// english is the file of the sentences that reports hold.
const english = "messages/en.json"

// digest is over the names and bytes of all rules and their messages, data left out. It
// names what made a report: translations, which no report holds, are not among it, so
// that a word mended in one makes no other rules.
func digest() string {
	sum, err := digestOf(tree)
	if err != nil {
		panic("rules: " + err.Error()) // embedded files can always be read
	}
	return sum
}

func digestOf(tree fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".rego" && name != english || strings.HasSuffix(name, "_test.rego") {
			return err
		}
		text, err := fs.ReadFile(tree, name)
		fmt.Fprintf(h, "%d:%s;%d:", len(name), name, len(text))
		h.Write(text)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)), err
}
