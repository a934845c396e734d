package collect_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

func TestParseSwitches(t *testing.T) {
	for line, want := range map[string]string{
		"":                        `null`,
		" \t ":                    `null`,
		"quiet":                   `[{"name":"quiet"}]`,
		"a=b=c  d":                `[{"name":"a","value":"b=c"},{"name":"d"}]`,
		"a= b":                    `[{"name":"a","value":""},{"name":"b"}]`,
		"=a":                      `[{"name":"=a"}]`,
		`dyndbg="file a +p" ro`:   `[{"name":"dyndbg","value":"file a +p"},{"name":"ro"}]`,
		`"dyndbg=file a +p" ro`:   `[{"name":"dyndbg","value":"file a +p"},{"name":"ro"}]`,
		`"a b"c`:                  `[{"name":"a b\"c"}]`,
		`"a="b""`:                 `[{"name":"a","value":"b\""}]`,
		`a="b`:                    `[{"name":"a","value":"b"}]`,
		`a="`:                     `[{"name":"a","value":""}]`,
		`"`:                       `[{"name":""}]`,
		"iommu=pt -- iommu=off x": `[{"name":"iommu","value":"pt"}]`,
		"a --=b c":                `[{"name":"a"},{"name":"--","value":"b"},{"name":"c"}]`,
		"nvidia-drm.modeset=1\n":  `[{"name":"nvidia-drm.modeset","value":"1"}]`,
	} {
		if b, _ := json.Marshal(collect.ParseSwitches(line)); string(b) != want {
			t.Errorf("%q gives %s, want %s", line, b, want)
		}
	}
}

// FuzzSwitches: the parser ends, and makes no more of a line than the line has.
func FuzzSwitches(f *testing.F) {
	f.Add("BOOT_IMAGE=/boot/vmlinuz-6.1.0-50-amd64 root=UUID=1 ro quiet intel_iommu=on")
	f.Add(`dyndbg="file drivers/usb/* +p" "x=y z" -- init`)
	f.Fuzz(func(t *testing.T, line string) {
		size := 0
		for _, s := range collect.ParseSwitches(line) {
			size += len(s.Name)
			if s.Value != nil {
				size += 1 + len(*s.Value)
			}
			if !strings.Contains(line, s.Name) {
				t.Fatalf("%q is not in %q", s.Name, line)
			}
		}
		if size > len(line) {
			t.Fatalf("%d bytes of words from %d", size, len(line))
		}
	})
}
