package ocsf_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

// repository is a checkout of OCSF's own schema, which it publishes in a form of its own:
// classes and objects that extend others. The project holds none of it:
// GPUAUDIT_OCSF_SCHEMA names the folder.
type repository struct {
	t          *testing.T
	dir        string
	dictionary map[string]attribute
	objects    map[string]definition
	made       map[string]any // JSON schemas of objects, by name
}

// definition is a class or an object.
type definition struct {
	Name       string                     `json:"name"`
	Extends    string                     `json:"extends"`
	Attributes map[string]json.RawMessage `json:"attributes"`
	Constraint struct {
		AtLeastOne []string `json:"at_least_one"`
	} `json:"constraints"`
}

type attribute struct {
	Type        string                     `json:"type"`
	Array       bool                       `json:"is_array"`
	Requirement string                     `json:"requirement"`
	Enum        map[string]json.RawMessage `json:"enum"`
	Deprecated  json.RawMessage            `json:"@deprecated"`
}

// classes are JSON schemas of the two classes that are written, made from OCSF's own files.
func classes(t *testing.T) map[int]*validator.Schema {
	t.Helper()
	dir := os.Getenv("GPUAUDIT_OCSF_SCHEMA")
	if dir == "" {
		t.Skip("GPUAUDIT_OCSF_SCHEMA names no checkout of ocsf-schema: the schema was not asked")
	}
	r := &repository{t: t, dir: dir, objects: map[string]definition{}, made: map[string]any{}}
	var dictionary struct {
		Attributes map[string]attribute `json:"attributes"`
	}
	r.read("dictionary.json", &dictionary)
	r.dictionary = dictionary.Attributes
	files, _ := filepath.Glob(filepath.Join(dir, "objects", "*.json"))
	for _, file := range files {
		var d definition
		r.read("objects/"+filepath.Base(file), &d)
		r.objects[strings.TrimSuffix(filepath.Base(file), ".json")] = d
	}
	var base, group definition
	r.read("events/base_event.json", &base)
	r.read("events/findings/finding.json", &group)
	list := map[int]*validator.Schema{}
	for uid, name := range map[int]string{2003: "compliance_finding", 2004: "detection_finding"} {
		var class definition
		r.read("events/findings/"+name+".json", &class)
		schema := r.schema(base, group, class)
		// OCSF's compiler fills these in: the category's number, and the class's in it.
		for name, value := range map[string]int{"category_uid": 2, "class_uid": uid, "type_uid": uid*100 + 1} {
			schema["properties"].(map[string]any)[name] = map[string]any{"const": value}
		}
		schema["$defs"] = r.made
		text, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := validator.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		c := validator.NewCompiler()
		if err := c.AddResource(name, doc); err != nil {
			t.Fatal(err)
		}
		if list[uid], err = c.Compile(name); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func (r *repository) read(name string, to any) {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		r.t.Fatalf("%s: %v", name, err)
	}
}

// schema is the JSON schema of what definitions say, each of which adds to the one before.
func (r *repository) schema(of ...definition) map[string]any {
	properties, required := map[string]any{}, map[string]bool{}
	attributes := map[string]attribute{}
	var least []string
	for _, d := range of {
		for name, text := range d.Attributes {
			if strings.HasPrefix(name, "$") {
				continue // of profiles, which are not used
			}
			a := attributes[name]
			if a.Type == "" {
				a = r.dictionary[name]
			}
			enum := a.Enum
			if err := json.Unmarshal(text, &a); err != nil {
				r.t.Fatalf("%s: %v", name, err)
			}
			maps.Copy(a.Enum, enum)
			attributes[name] = a
		}
		least = append(least, d.Constraint.AtLeastOne...)
	}
	for name, a := range attributes {
		if len(a.Deprecated) > 0 {
			continue
		}
		properties[name] = r.value(a)
		required[name] = a.Requirement == "required"
	}
	must := []string{}
	for name := range required {
		if required[name] {
			must = append(must, name)
		}
	}
	schema := map[string]any{"type": "object", "additionalProperties": false, "properties": properties, "required": must}
	if len(least) > 0 {
		var one []map[string]any
		for _, name := range least {
			one = append(one, map[string]any{"required": []string{name}})
		}
		schema["anyOf"] = one
	}
	return schema
}

// value is the JSON schema of an attribute.
func (r *repository) value(a attribute) any {
	var one map[string]any
	switch a.Type {
	case "integer_t", "long_t", "timestamp_t", "port_t":
		one = map[string]any{"type": "integer"}
		if a.Type == "integer_t" && len(a.Enum) > 0 {
			var ids []json.Number
			for id := range a.Enum {
				ids = append(ids, json.Number(id))
			}
			one["enum"] = ids
		}
	case "float_t":
		one = map[string]any{"type": "number"}
	case "boolean_t":
		one = map[string]any{"type": "boolean"}
	case "json_t", "object", "":
		one = map[string]any{}
	default:
		if !strings.HasSuffix(a.Type, "_t") { // an object
			one = map[string]any{"$ref": "#/$defs/" + r.object(a.Type)}
			break
		}
		one = map[string]any{"type": "string", "minLength": 1}
	}
	if a.Array {
		return map[string]any{"type": "array", "items": one}
	}
	return one
}

// object adds the JSON schema of an object to those that were made.
func (r *repository) object(name string) string {
	if _, known := r.made[name]; known {
		return name
	}
	r.made[name] = true // while it is made: objects hold themselves
	var chain []definition
	for at := name; at != "" && at != "object"; {
		d, known := r.objects[at]
		if !known {
			break
		}
		chain = append([]definition{d}, chain...)
		at = d.Extends
	}
	if len(chain) == 0 {
		r.t.Fatalf("there is no object %s", name)
	}
	r.made[name] = r.schema(chain...)
	return name
}
