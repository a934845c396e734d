package message_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/message"
)

// TestSay: a message becomes its sentence, and the parts stay.
func TestSay(t *testing.T) {
	source := message.Say("source.rom", nil)
	got := message.Say("answer.lack", message.Params{"source": source, "reason": message.Say("reason.short.limit", nil)})
	text, err := json.Marshal(got.Message)
	if want := `{"id":"answer.lack","params":{"reason":{"id":"reason.short.limit"},"source":{"id":"source.rom"}}}`; err != nil || string(text) != want || got.Text != "the card's firmware (too large)" {
		t.Errorf("%q, %s, %v", got.Text, text, err)
	}
	one, many := message.Count(1, "table.owners", nil), message.Count(2, "table.owners", nil)
	if one.Text != "1 owner" || many.Text != "2 owners" || many.Message.Params["n"] != 2 {
		t.Errorf("%v, %v", one, many)
	}
	list := message.Say("answer.not_known", message.Params{"lacks": []message.Said{source, message.Plain("x")}})
	if list.Text != "Not known: the card's firmware; x." || !reflect.DeepEqual(list.Message.Params["lacks"], []any{source.Message, "x"}) {
		t.Errorf("%q, %v", list.Text, list.Message)
	}
	if got := message.Say("no such message", nil); got.Text != "no such message" || got.Message != nil {
		t.Errorf("%v", got)
	}
}

// call is a place in the program that says something. An id may be put together of
// constants and of what is not known before it runs: it stands as *.
type call struct {
	at, pattern string
	count       bool
	params      []string // sorted
	known       bool     // the parameters are written there
}

// calls finds all places of the program that make a message, and the texts in its code: an id
// may be given to what makes the message.
func calls(t *testing.T) (list []call, texts map[string]bool) {
	t.Helper()
	texts = map[string]bool{}
	files := token.NewFileSet()
	for _, root := range []string{"../../audit", "../../cmd/gpuaudit", "../../policy"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(files, name, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if made := asCall(n); made != nil {
						made.at = files.Position(n.Pos()).String()
						list = append(list, *made)
					}
				case *ast.BasicLit:
					texts[pattern(n)] = true
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list, texts
}

func asCall(c *ast.CallExpr) *call {
	f, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	if pkg, ok := f.X.(*ast.Ident); !ok || pkg.Name != "message" || !slices.Contains([]string{"Say", "Count", "Word"}, f.Sel.Name) {
		return nil
	}
	made := &call{count: f.Sel.Name == "Count"}
	args := c.Args
	if made.count {
		args = args[1:]
		made.params = []string{"n"}
	}
	made.pattern = pattern(args[0])
	if f.Sel.Name == "Word" {
		made.pattern += "*"
	}
	switch params := args[1].(type) {
	case *ast.Ident:
		made.known = params.Name == "nil"
	case *ast.CompositeLit:
		made.known = true
		for _, e := range params.Elts {
			name, _ := strconv.Unquote(e.(*ast.KeyValueExpr).Key.(*ast.BasicLit).Value)
			made.params = append(made.params, name)
		}
	}
	slices.Sort(made.params)
	return made
}

func pattern(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := strconv.Unquote(e.Value)
		return s
	case *ast.BinaryExpr:
		return pattern(e.X) + pattern(e.Y)
	}
	return "*"
}

// TestCatalogue: every call has its message with its parameters, and every message is
// said somewhere.
func TestCatalogue(t *testing.T) {
	catalogue, err := message.Parse(message.English())
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	all, texts := calls(t)
	for _, c := range all {
		pattern := c.pattern
		if c.count {
			pattern += ".*"
		}
		n := 0
		for id, template := range catalogue {
			if !matches(pattern, id) {
				continue
			}
			n++
			used[id] = used[id] || strings.Trim(c.pattern, "*") != "" // a variable could be any of them
			if c.known && !strings.Contains(c.pattern, "*") && !subset(template.Params(), c.params) {
				t.Errorf("%s: the message %s has the parameters %v, and is given %v", c.at, id, template.Params(), c.params)
			}
		}
		if n == 0 || c.count && n < 2 {
			t.Errorf("%s: %d messages have the id %s", c.at, n, pattern)
		}
	}
	for id, template := range catalogue {
		counted := strings.TrimSuffix(strings.TrimSuffix(id, ".one"), ".many")
		if !used[id] && !texts[id] && !texts[counted] {
			t.Errorf("nothing says %s", id)
		}
		if text := template.Plain(); strings.Contains(text, "  ") || strings.HasSuffix(text, " ") {
			t.Errorf("%s: %q", id, text)
		}
	}
	if len(all) < 100 {
		t.Errorf("%d calls were found", len(all))
	}
}

// TestFamilies: the messages whose ids are put together when the program runs are there.
func TestFamilies(t *testing.T) {
	catalogue, err := message.Parse(message.English())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, q := range finding.Questions() {
		ids = append(ids, "ask."+string(q))
		for _, part := range []string{"good", "open", "risk", "bad", "good_sentence", "good_short"} {
			ids = append(ids, "answer."+string(q)+"."+part)
		}
	}
	for _, r := range []inventory.Reason{inventory.ReasonPermission, inventory.ReasonNotSupported, inventory.ReasonIOError, inventory.ReasonNotPresent, inventory.ReasonMalformed,
		inventory.ReasonNotRequested, inventory.ReasonLimit, inventory.ReasonTimeout, inventory.ReasonUnconfirmed, inventory.ReasonRedacted} {
		ids = append(ids, "reason."+string(r), "reason.short."+string(r))
	}
	for _, s := range []finding.Status{finding.Waived, finding.Unknown, finding.Disabled} {
		ids = append(ids, "label."+string(s))
	}
	for _, id := range ids {
		if _, known := catalogue[id]; !known {
			t.Errorf("there is no message %s", id)
		}
	}
}

// matches says that an id has the form of a pattern, in which * stands for anything.
func matches(pattern, id string) bool {
	ok, err := filepath.Match(pattern, id)
	return err == nil && ok
}

func subset(list, of []string) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(of, s) })
}
