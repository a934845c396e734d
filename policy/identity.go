package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// errNoClock says that the input has no time to judge by.
var errNoClock = errors.New("input of the rules has no valid now")

func clock(input ast.Value) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text(input, "now"))
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %w", errNoClock, err)
	}
	return t, nil
}

// identity names the device, or the host, over rescans: ids and what it states
// as its serial numbers, not the bus address, which changes with the slot. Two
// like cards that state no serial number have one identity. It says the same as
// facts.Facts.Identity of an input that is no unit.
func identity(input ast.Value) string {
	if lookup(input, "device") == nil {
		return "host:" + join(input, "host/dmi/", "system_vendor", "product_name", "product_uuid")
	}
	id := []string{join(input, "device/pci/", "vendor_id", "device_id", "subsystem_vendor_id", "subsystem_device_id")}
	if claims, ok := lookup(input, "device/identity").(*ast.Array); ok {
		var serials []string
		claims.Foreach(func(t *ast.Term) {
			serials = append(serials, text(t.Value, "kind")+"="+text(t.Value, "value"))
		})
		slices.Sort(serials)
		id = append(id, slices.Compact(serials)...)
	}
	return strings.Join(id, ":")
}

func join(v ast.Value, prefix string, names ...string) string {
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = text(v, prefix+name)
	}
	return strings.Join(parts, ":")
}

// text is the text at a path, "" when there is none.
func text(v ast.Value, path string) string {
	s, _ := lookup(v, path).(ast.String)
	return string(s)
}

// lookup is the value at a path of object keys, nil when there is none.
func lookup(v ast.Value, path string) ast.Value {
	for key := range strings.SplitSeq(path, "/") {
		object, ok := v.(ast.Object)
		if !ok {
			return nil
		}
		t := object.Get(ast.StringTerm(key))
		if t == nil {
			return nil
		}
		v = t.Value
	}
	return v
}
