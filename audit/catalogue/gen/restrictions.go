package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// collection is restrictions.yaml as far as its shape is fixed.
type collection struct {
	Metrics map[string]string `yaml:"metrics"`
	Lists   []map[string]any  `yaml:"list_snapshots"`
	Rules   []map[string]any  `yaml:"rules"`
}

// convertRestrictions writes the rules by id, each with whether it may be
// applied, and the makers with the rules that name them.
func convertRestrictions(in, makersFile, out string) error {
	raw, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	var c collection
	if err := yaml.Unmarshal(raw, &c); err != nil {
		return fmt.Errorf("read %s: %w", in, err)
	}
	makers, err := readCSV(makersFile)
	if err != nil {
		return err
	}
	rules, newest := map[string]any{}, ""
	for _, r := range c.Rules {
		plain(r)
		id, _ := r["id"].(string)
		if id == "" || rules[id] != nil {
			return fmt.Errorf("%s: rule %q has no id of its own", in, id)
		}
		r["enabled"] = enabled(r)
		if asOf, _ := r["as_of"].(string); asOf > newest {
			newest = asOf
		}
		rules[id] = r
	}
	lists := map[string]any{}
	for _, l := range c.Lists {
		plain(l)
		id, _ := l["id"].(string)
		l["date"] = id[max(0, len(id)-len(time.DateOnly)):]
		lists[id] = l
	}
	document := map[string]any{"schema": "gpuaudit.restrictions/v1", "date": newest, "metrics": c.Metrics,
		"lists": lists, "rules": rules, "makers": listings(makers, c.Rules, c.Lists)}
	text, err := json.MarshalIndent(document, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o644)
}

// enabled says that a rule may give findings: it was read in a stored source,
// is law, and is not a note that says to raise nothing.
func enabled(r map[string]any) bool {
	if r["confidence"] == "from-memory" || r["status"] == "proposed" || r["enabled"] == false {
		return false
	}
	matches, _ := r["matches"].(map[string]any)
	return matches["none"] != true
}

// listings joins makers to the rules and lists that name them. A maker whose seat
// is not known is left out: rules then say that they do not know it.
func listings(makers []record, rules, lists []map[string]any) map[string]any {
	joined := map[string]any{}
	for _, m := range makers {
		if m["hq_country"] == "" {
			continue
		}
		entry := map[string]any{"name": m["name"], "hq_country": m["hq_country"], "named_by": []string{}, "no_record_in": []string{}}
		var named, absent []string
		for _, r := range rules {
			matches, _ := r["matches"].(map[string]any)
			if r["enabled"] == true && (holds(matches["vendor_ids"], m["vendor_id"]) || m["list_name"] != "" && names(matches["manufacturers"], m["list_name"])) {
				named = append(named, r["id"].(string))
			}
			if m["list_name"] != "" && names(r["not_found"], m["list_name"]) {
				absent = append(absent, r["id"].(string))
			}
		}
		for _, l := range lists {
			if m["list_name"] != "" && names(l["no_record"], m["list_name"]) {
				absent = append(absent, l["id"].(string))
			}
		}
		if named != nil {
			entry["named_by"] = named
		}
		if absent != nil {
			entry["no_record_in"] = absent
		}
		if m["list_status"] != "" {
			entry["list_status"] = m["list_status"]
		}
		joined[m["vendor_id"]] = entry
	}
	return joined
}

func holds(list any, s string) bool {
	items, _ := list.([]any)
	return slices.Contains(items, any(s))
}

// names says that a list of names has name as one of its names: "Baidu" is in
// "Baidu / Kunlunxin", and not in a longer word. A name may have alternatives,
// separated by "|".
func names(list any, name string) bool {
	items, _ := list.([]any)
	for _, item := range items {
		text, _ := item.(string)
		fields := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("/()", r) })
		for _, f := range fields {
			for alternative := range strings.SplitSeq(name, "|") {
				if strings.EqualFold(strings.TrimSpace(f), alternative) {
					return true
				}
			}
		}
	}
	return false
}

// plain turns dates into text and drops what is null, at any depth: a field
// that is not stated is absent.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if v[k] = plain(x); x == nil {
				delete(v, k)
			}
		}
		return v
	case []any:
		for i, x := range v {
			v[i] = plain(x)
		}
		return v
	case time.Time:
		return v.Format(time.DateOnly)
	}
	return v
}
