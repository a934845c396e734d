package collect

import (
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// ParseSwitches splits a kernel command line as the kernel does (lib/cmdline.c,
// next_arg): white space ends a word unless it is quoted, a quote may open the
// word or its value and is not part of either, and what follows "--" is for
// init. Names are kept as written; the kernel takes - and _ in them as equal.
func ParseSwitches(line string) []inventory.Switch {
	var switches []inventory.Switch
	for {
		line = strings.TrimLeft(line, space)
		if line == "" {
			return switches
		}
		var s inventory.Switch
		s, line = nextSwitch(line)
		if s.Value == nil && s.Name == "--" {
			return switches
		}
		switches = append(switches, s)
	}
}

// space are the bytes that the kernel's isspace knows within ASCII.
const space = " \t\n\v\f\r"

// nextSwitch takes the first word off a line that begins with one.
func nextSwitch(line string) (s inventory.Switch, rest string) {
	line, quoted := strings.CutPrefix(line, `"`)
	end, equals, inside := 0, 0, quoted
	for ; end < len(line); end++ {
		c := line[end]
		if strings.IndexByte(space, c) >= 0 && !inside {
			break
		}
		if c == '=' && equals == 0 {
			equals = end // a word that begins with = has no value
		}
		if c == '"' {
			inside = !inside
		}
	}
	name, rest := line[:end], line[end:]
	if equals == 0 {
		if quoted {
			name = strings.TrimSuffix(name, `"`)
		}
		return inventory.Switch{Name: name}, rest
	}
	name, value := name[:equals], name[equals+1:]
	value, opened := strings.CutPrefix(value, `"`)
	if opened || quoted {
		value = strings.TrimSuffix(value, `"`) // one quote ends both
	}
	return inventory.Switch{Name: name, Value: &value}, rest
}
