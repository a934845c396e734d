package strictyaml

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Entry is one name of a flat mapping: settings that a person writes.
type Entry struct {
	Name string
	// Line is where it stands, counted from 1.
	Line int
	// Values are its scalars as they are written: one, or those of a list.
	Values []string
	List   bool
}

// Entries reads the one document of a text: names with a scalar or a list of scalars
// each. A text without anything but comments has none.
func Entries(text []byte, limit int) ([]Entry, error) {
	doc, err := parse(text, limit)
	if err != nil || doc == nil {
		return nil, err
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: write settings as NAME: VALUE, one on each line", doc.Line)
	}
	var list []Entry
	at := map[string]int{}
	for i, pairs := 0, doc.Content[0].Content; i+1 < len(pairs); i += 2 {
		e, err := entry(pairs[i], pairs[i+1])
		if err != nil {
			return nil, err
		}
		if line, twice := at[e.Name]; twice {
			return nil, fmt.Errorf("line %d: %.40q is there already, on line %d", e.Line, e.Name, line)
		}
		at[e.Name] = e.Line
		list = append(list, e)
	}
	return list, nil
}

func entry(name, value *yaml.Node) (Entry, error) {
	e := Entry{Name: name.Value, Line: name.Line}
	if name.Kind != yaml.ScalarNode {
		return e, fmt.Errorf("line %d: a setting begins with its name", name.Line)
	}
	items := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		e.List, items = true, value.Content
	}
	e.Values = make([]string, 0, len(items))
	for _, item := range items {
		switch {
		case item.Kind != yaml.ScalarNode:
			return e, fmt.Errorf("line %d: %.40s takes a value or a list of values, written out", item.Line, e.Name)
		case item.Tag == "!!null":
			return e, fmt.Errorf("line %d: %.40s has no value", item.Line, e.Name)
		}
		e.Values = append(e.Values, item.Value)
	}
	return e, nil
}
