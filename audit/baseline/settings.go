package baseline

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Settings are what a baseline puts into the settings of scans.
type Settings struct {
	// Pack is by what scans judge; "" leaves that open.
	Pack string
	// Expect is how many cards there must be; 0 leaves that open.
	Expect int
}

// Settings fills in what an earlier baseline set: its pack, and where other machines are
// added, no more cards than all of them have.
func (f *Folder) Settings(s Settings, adds bool) Settings {
	if f.config == nil || !s.mine(f.config) {
		return s
	}
	for line := range strings.Lines(string(f.config)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "pack":
			if unquoted, err := strconv.Unquote(value); err == nil && s.Pack == "" {
				s.Pack = unquoted
			}
		case "expect":
			if n, err := strconv.Atoi(value); err == nil && adds && n < s.Expect {
				s.Expect = n
			}
		}
	}
	return s
}

// mark begins the file of settings of a baseline: one without it is somebody's own and
// is left alone.
const mark = "# Written by gpuaudit baseline.\n"

// mine says that the file of settings may be written: it is not there, or was written
// by a baseline.
func (s Settings) mine(old []byte) bool { return old == nil || bytes.HasPrefix(old, []byte(mark)) }

// text is the file. Names of files are relative to its folder.
func (s Settings) text(waivers bool) []byte {
	var b bytes.Buffer
	b.WriteString(mark)
	fmt.Fprintf(&b, "trust: %s\nmanifests: [%s]\n", TrustName, Manifests)
	if waivers {
		fmt.Fprintf(&b, "waivers: %s\nwaivers-signed: true\n", WaiversName)
	}
	b.WriteString("full: true\n")
	if s.Pack != "" {
		fmt.Fprintf(&b, "pack: %q\n", s.Pack)
	}
	if s.Expect > 0 {
		fmt.Fprintf(&b, "expect: %d\n", s.Expect)
	}
	return b.Bytes()
}

// Ours says that a text is a file of settings that a baseline writes, for a pack that is
// this one, the one of the settings before, or none. Nothing else can be in it: settings
// name files that scans read and write.
func Ours(text, old []byte, pack string) bool {
	var s Settings
	waivers := false
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "waivers":
			waivers = true
		case "expect":
			s.Expect, _ = strconv.Atoi(value)
		case "pack":
			s.Pack, _ = strconv.Unquote(value)
			if before := bytes.HasPrefix(old, []byte(mark)) && bytes.Contains(old, []byte("\n"+line)); s.Pack != pack && !before {
				return false
			}
		}
	}
	return bytes.Equal(text, s.text(waivers))
}

// Lines are what somebody puts into settings of his own; "" where the baseline wrote
// them.
func (f *Folder) Lines(s Settings, files Files) string {
	if s.mine(f.config) {
		return ""
	}
	return string(bytes.TrimPrefix(s.text(files[WaiversName] != nil), []byte(mark)))
}
