package html

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/report"
)

// maxValue is how many characters of a value are shown: the JSON report has all of it.
const maxValue = 300

// values reads what a JSON pointer into the report points at, a device at a time: the
// report of 512 cards has 50 MB.
type values struct {
	r     *report.Report
	known map[string]any
}

// forget lets go of what was read.
func (v *values) forget() { v.known = nil }

// at is the value at a pointer as JSON text, cut where it is long; "" where there is none.
func (v *values) at(pointer string) string {
	tokens := strings.Split(pointer, "/")
	if len(tokens) < 2 || tokens[0] != "" {
		return ""
	}
	tokens = tokens[1:]
	for i, token := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
	}
	root, rest := v.root(tokens)
	node := v.read(root)
	for _, token := range rest {
		switch n := node.(type) {
		case map[string]any:
			node = n[token]
		case []any:
			at, err := strconv.Atoi(token)
			if err != nil || at < 0 || at >= len(n) {
				return ""
			}
			node = n[at]
		default:
			return ""
		}
	}
	return shown(node)
}

// root is the part of the report that a pointer leads into, by its own name.
func (v *values) root(tokens []string) (root string, rest []string) {
	n := 1
	switch {
	case tokens[0] == "inventory" && len(tokens) > 2 && tokens[1] == "devices":
		n = 3
	case tokens[0] == "inventory" && len(tokens) > 1, tokens[0] == "devices" && len(tokens) > 1:
		n = 2
	}
	return strings.Join(tokens[:n], "/"), tokens[n:]
}

// read is a part of the report as JSON has it.
func (v *values) read(root string) any {
	if node, known := v.known[root]; known {
		return node
	}
	var part any
	kind, place, _ := strings.Cut(root, "/")
	switch {
	case kind == "inventory" && strings.HasPrefix(place, "devices/"):
		if at, err := strconv.Atoi(place[len("devices/"):]); err == nil && at >= 0 && at < len(v.r.Inventory.Devices) {
			part = &v.r.Inventory.Devices[at]
		}
	case root == "inventory/host":
		part = &v.r.Inventory.Host
	case root == "inventory/collected_at":
		part = v.r.Inventory.CollectedAt
	case root == "inventory/unaudited":
		part = v.r.Inventory.Unaudited
	case kind == "devices":
		if at, err := strconv.Atoi(place); err == nil && at >= 0 && at < len(v.r.Devices) {
			part = &v.r.Devices[at]
		}
	case root == "attestation":
		part = v.r.Attestation
	case root == "gpu_proof":
		part = v.r.GPUProof
	case root == "data_sets":
		part = v.r.DataSets
	case root == "question":
		part = v.r.Question
	case root == "now":
		part = v.r.Now
	}
	var node any
	if text, err := json.Marshal(part); err == nil {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber() // sizes beyond 2^53 as they are
		if decoder.Decode(&node) != nil {
			node = nil
		}
	}
	if v.known == nil {
		v.known = map[string]any{}
	}
	v.known[root] = node
	return node
}

// shown is a value on one line.
func shown(node any) string {
	if node == nil {
		return ""
	}
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if out.Encode(node) != nil {
		return ""
	}
	text := []rune(clean(b.String()))
	if len(text) > maxValue {
		return string(text[:maxValue]) + " …"
	}
	return string(text)
}
