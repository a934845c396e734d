package rules_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
)

// TestRemovingASourceNeverMakesAPass takes every file of a host away, one at a
// time, and puts junk in the place of ids: after collecting and judging anew, no
// rule that failed or did not know may pass or find that the question does not
// arise, on any device: what is taken from one says nothing good of another.
func TestRemovingASourceNeverMakesAPass(t *testing.T) {
	j := loadJudge(t)
	for name, h := range sourceHosts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := everyStatus(t, j, h.FS)
			names := slices.Sorted(maps.Keys(h.FS))
			for i, file := range names {
				if os.Getenv("GPUAUDIT_LONG") == "" && !kept(file, i) || hides(file) {
					continue
				}
				for what, changed := range changes(h.FS, file) {
					for key, status := range everyStatus(t, j, changed) {
						if owner, id, _ := strings.Cut(key, " "); eased(before[key], status) && !sourceAnswers(id, file) {
							t.Errorf("%s: %s becomes %s on %s: %s %s", id, before[key], status, owner, what, file)
						}
					}
				}
			}
		})
	}
}

// kept is what an ordinary run tries: the ids, what names a card and its driver, and
// every twelfth of the other files.
func kept(file string, i int) bool {
	return isID(file) || strings.HasSuffix(file, "/driver") || i%12 == 0
}

// hides says that without a file the device itself is not found: that is for the
// enumeration to see, and for --expect.
func hides(file string) bool { return strings.HasPrefix(file, "sys/bus/pci/devices/") }

func isID(file string) bool {
	for _, id := range []string{"/vendor", "/device", "/subsystem_vendor", "/subsystem_device", "/class", "/modalias"} {
		if strings.HasSuffix(file, id) {
			return true
		}
	}
	return false
}

// changes are the host without a file and, for ids, with an empty one and with one
// that holds something else.
func changes(host fstest.MapFS, file string) map[string]fstest.MapFS {
	without := maps.Clone(host)
	delete(without, file)
	list := map[string]fstest.MapFS{"without": without}
	if isID(file) {
		texts := map[string]string{"with junk in": "0xzz\n"}
		if os.Getenv("GPUAUDIT_LONG") != "" {
			texts["with an empty"] = ""
		}
		for what, text := range texts {
			changed := maps.Clone(host)
			changed[file] = &fstest.MapFile{Data: []byte(text), Mode: 0o444}
			list[what] = changed
		}
	}
	return list
}

// sourceAnswers: see answers.
func sourceAnswers(id, file string) bool {
	for _, a := range sourceReasons {
		if a.id == id && strings.HasSuffix(file, a.file) {
			return true
		}
	}
	return false
}

// sourceReasons are rules to which it is an answer that a file does not exist,
// each with the reason why.
var sourceReasons = []struct{ id, file, why string }{
	{"GA-BD-012", "/driver", noDriver}, {"GA-BD-013", "/driver", noDriver}, {"GA-BD-015", "/driver", noDriver},
	{"GA-BD-016", "/driver", noDriver}, {"GA-BD-033", "/driver", noDriver}, {"GA-BD-045", "/driver", noDriver},
}

const noDriver = "sysfs has no such link where no driver is bound, and then no module is asked about"

func everyStatus(t *testing.T, j *judge, host fs.FS) map[string]finding.Status {
	t.Helper()
	env := (&hosttest.Host{FS: host.(fstest.MapFS)}).Env()
	env.Derive = collect.Memo()
	all := map[string]finding.Status{}
	for owner, asked := range audited(t, nil, machine{name: "host", env: env}) {
		for id, status := range j.statuses(t, document(t, asked.facts)) {
			all[fmt.Sprintf("%s %s", owner, id)] = status
		}
	}
	return all
}

// sourceHosts are the worn card, and two cards with one id, of each of two makers,
// one behind a switch of a third maker beside a tool for attacks.
func sourceHosts() map[string]*hosttest.Host {
	worn, err := hosttest.Named("worn")
	if err != nil {
		panic(err) // a name of this project's own
	}
	first, second := hosttest.NVIDIACard("0000:01:00.0"), hosttest.NVIDIACard("0000:04:00.0")
	second.Bridges = []hosttest.Bridge{{Address: "0000:00:02.0", Vendor: "8086", Device: "a70d"}, {Address: "0000:02:00.0", Vendor: "10b5", Device: "8747"},
		{Address: "0000:03:08.0", Vendor: "10b5", Device: "8747"}}
	second.Functions = []hosttest.Function{{Address: "0000:05:00.0", Vendor: "10ee", Device: "0666", Class: "020000", Parents: []string{"0000:00:02.0", "0000:02:00.0", "0000:03:10.0"}}}
	radeon, other := hosttest.GoodCard("0000:03:00.0"), hosttest.GoodCard("0000:13:00.0")
	twins := hosttest.New().Add(radeon).Add(other)
	for _, dir := range []string{"0000:00:01.3/0000:03:00.0", "0000:00:11.3/0000:13:00.0"} {
		twins.File("sys/devices/pci0000:00/"+dir+"/unique_id", "1122334455667788\n")
	}
	return map[string]*hosttest.Host{"worn": worn, "nvidia twins": hosttest.New().Add(first).Add(second), "amd twins": twins}
}
