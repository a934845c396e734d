package capture

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// Schema names the version of the capture format.
const Schema = "gpuaudit.capture/v1"

// The names at the top of a capture.
const (
	metaName    = "gpuaudit-capture.json"
	indexName   = "index.json"
	rootName    = "root"
	derivedName = "derived"
	romsName    = "roms"
	nvmlName    = "nvml.json"
	tpmName     = "tpm-evidence.json"
)

// Meta is a capture's first entry.
type Meta struct {
	Schema string `json:"schema"`
	// CollectedAt is when the machine was read, UTC.
	CollectedAt time.Time `json:"collected_at"`
	Tool        string    `json:"tool"`
	// ByRoot says whether root read the machine; older captures do not say it.
	ByRoot *bool `json:"by_root,omitempty"`
	// Redacted says that only what the table of redaction names is here.
	Redacted bool `json:"redacted"`
}

// index is a capture's second entry: what the files themselves cannot say. All
// paths are below the root and go through no link.
type index struct {
	Failures []fileError `json:"failures"`
	// Listings are the directories that were listed: name to type letter.
	Listings map[string]map[string]string `json:"listings"`
	// Stats are the modes and sizes that differ from those of the entry.
	Stats map[string]fileStat `json:"stats"`
	// Links are those that an archive cannot hold: they leave the root.
	Links map[string]string `json:"links"`
	// Partial are files of which only the beginning was read; the value says why.
	Partial map[string]string `json:"partial"`
	// ROMs are the addresses whose ROM could not be read.
	ROMs map[string]failure `json:"roms"`
	// Derived are the facts that could not be had: kind to path.
	Derived map[string]map[string]failure `json:"derived"`
	// NVML says why there are no answers of NVML, if it was asked.
	NVML *failure `json:"nvml,omitempty"`
	// TPM says why there is no evidence of the TPM, if it was asked for.
	TPM *failure `json:"tpm,omitempty"`
}

// Why a file is partial.
const (
	partialRead  = "not read to its end"
	partialLimit = "larger than a capture may hold"
)

// operation is one way of reading a file.
type operation string

const (
	opOpen     operation = "open"
	opRead     operation = "read" // after the bytes that the entry has
	opReadDir  operation = "readdir"
	opReadLink operation = "readlink"
	opStat     operation = "stat"
	opLstat    operation = "lstat"
)

// fileError is the failure of an operation on a file.
type fileError struct {
	Op   operation `json:"op"`
	Path string    `json:"path"`
	failure
}

// fileStat is a type letter with permission bits ("-0444") and a size.
type fileStat struct {
	Mode string `json:"mode"`
	Size int64  `json:"size"`
}

// types are the letters of file types.
var types = [...]struct {
	letter string
	mode   fs.FileMode
}{
	{"-", 0}, {"d", fs.ModeDir}, {"l", fs.ModeSymlink}, {"p", fs.ModeNamedPipe}, {"s", fs.ModeSocket},
	{"b", fs.ModeDevice}, {"c", fs.ModeDevice | fs.ModeCharDevice}, {"?", fs.ModeIrregular},
}

func typeLetter(mode fs.FileMode) string {
	for _, t := range types {
		if t.mode == mode.Type() {
			return t.letter
		}
	}
	return "?"
}

func typeMode(letter string) (fs.FileMode, error) {
	for _, t := range types {
		if t.letter == letter {
			return t.mode, nil
		}
	}
	return 0, fmt.Errorf("unknown file type %.10q", letter)
}

func statOf(mode fs.FileMode, size int64) fileStat {
	return fileStat{fmt.Sprintf("%s%04o", typeLetter(mode), mode.Perm()), size}
}

// mode reads the Mode back.
func (s fileStat) mode() (fs.FileMode, error) {
	if len(s.Mode) != 5 || s.Size < 0 {
		return 0, fmt.Errorf("mode %.10q or size %d is malformed", s.Mode, s.Size)
	}
	kind, err := typeMode(s.Mode[:1])
	if err != nil {
		return 0, err
	}
	perm, err := strconv.ParseUint(s.Mode[1:], 8, 9)
	if err != nil {
		return 0, fmt.Errorf("mode %.10q is malformed", s.Mode)
	}
	return kind | fs.FileMode(perm), nil
}

// decodeMeta reads the first entry and refuses another version of the format.
func decodeMeta(data []byte) (*Meta, error) {
	var version struct {
		Schema string `json:"schema"`
	}
	if err := strictjson.Decode(data, strictjson.Limits{Bytes: metaLimit, Unknown: true}, &version); err != nil {
		return nil, err
	}
	if version.Schema != Schema {
		return nil, fmt.Errorf("its schema is %.40q, this version reads %q", version.Schema, Schema)
	}
	var m Meta
	if err := strict(data, metaLimit, &m); err != nil {
		return nil, err
	}
	m.CollectedAt = m.CollectedAt.UTC()
	// A year that JSON cannot write again would make a report that cannot be written.
	if year := m.CollectedAt.Year(); year < 1970 || year > 9999 {
		return nil, errors.New("collected_at is missing or out of range")
	}
	return &m, nil
}

// decodeIndex reads the second entry and checks every name in it.
func decodeIndex(data []byte) (*index, error) {
	var x index
	if err := strict(data, indexLimit, &x); err != nil {
		return nil, err
	}
	for _, e := range x.Failures {
		if !fs.ValidPath(e.Path) {
			return nil, fmt.Errorf("path %.200q is malformed", e.Path)
		}
	}
	for dir, list := range x.Listings {
		for name, letter := range list {
			if !element(name) || !fs.ValidPath(dir) {
				return nil, fmt.Errorf("listing of %.200q: name %.200q is malformed", dir, name)
			}
			if _, err := typeMode(letter); err != nil {
				return nil, fmt.Errorf("listing of %.200q: %w", dir, err)
			}
		}
	}
	for name, s := range x.Stats {
		if _, err := s.mode(); err != nil || !fs.ValidPath(name) {
			return nil, fmt.Errorf("stat of %.200q: %w", name, err)
		}
	}
	return &x, nil
}

// Limits of the entries that describe a capture: of the machine that was read, index
// has a name for each file that the collectors asked for and did not find, some 25 for each
// card.
const (
	metaLimit   = 64 << 10
	indexLimit  = 32 << 20
	indexMemory = 80 << 20
)

// strict decodes one JSON value, in which names are those of files.
func strict(data []byte, bytes int, v any) error {
	return strictjson.Decode(data, strictjson.Limits{Bytes: bytes, Memory: indexMemory, Paths: true}, v)
}

// element says that a name is one safe path element.
func element(name string) bool {
	return name != "." && fs.ValidPath(name) && !strings.Contains(name, "/")
}

// derivedEntry names the entry that holds derived facts.
func derivedEntry(kind, name string) string {
	return path.Join(derivedName, kind, name) + ".json"
}

// romEntry names the entry that holds a function's ROM.
func romEntry(address string) string { return path.Join(romsName, address) + ".rom" }
