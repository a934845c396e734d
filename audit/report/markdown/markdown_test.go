package markdown_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/markdown"
	"github.com/gpuaudit/gpuaudit/audit/report/reporttest"
)

// encode writes a set, and counts the kinds of nodes that a reader of others sees in it.
func encode(t *testing.T, s *report.Set) (string, map[string]int) {
	t.Helper()
	var b bytes.Buffer
	if err := markdown.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(b.Bytes()))
	kinds := map[string]int{}
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		if n.Kind() != ast.KindText {
			kinds[n.Kind().String()]++
		}
		if row, ok := n.(*tables.TableRow); ok && row.ChildCount() != row.Parent().FirstChild().ChildCount() {
			t.Errorf("a row of %d cells in a table of %d", row.ChildCount(), row.Parent().FirstChild().ChildCount())
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), kinds
}

// TestHostileTexts: a text of a card is neither a link nor HTML nor code, and adds no
// heading, list or row.
func TestHostileTexts(t *testing.T) {
	set := func(s string) *report.Set { return &report.Set{Reports: []report.Named{reporttest.Hostile(s)}} }
	_, plain := encode(t, set("plain"))
	for _, hostile := range reporttest.HostileTexts {
		got, kinds := encode(t, set(hostile))
		for _, kind := range []string{"Heading", "List", "Table", "TableRow", "TableCell", "ThematicBreak", "CodeBlock", "FencedCodeBlock", "HTMLBlock", "RawHTML", "Link", "AutoLink", "Image", "CodeSpan", "Strikethrough", "TaskCheckBox", "Blockquote"} {
			if kinds[kind] != plain[kind] {
				t.Errorf("%q: %d of %s, want %d, in\n%s", hostile, kinds[kind], kind, plain[kind], got)
			}
		}
		if report.Clean(strings.ReplaceAll(got, "\n", " ")) != strings.ReplaceAll(got, "\n", " ") || strings.Contains(got, "@") {
			t.Errorf("%q gives %q", hostile, got)
		}
	}
	for _, kind := range []string{"Link", "AutoLink", "Image", "RawHTML", "HTMLBlock", "CodeSpan"} {
		if plain[kind] != 0 {
			t.Errorf("%d of %s", plain[kind], kind)
		}
	}
}

// TestUnknown: what could not be decided is listed, and is said not to have passed.
func TestUnknown(t *testing.T) {
	r := reporttest.Many(2, func(i int) string { return fmt.Sprintf("0000:%02x:00.0", i+1) })
	text, _ := encode(t, reporttest.Of(r))
	for want, n := range map[string]int{"**not decided**": 2, "**failed**": 2, "2 failed, 2 could not be decided, 0 passed": 1} {
		if strings.Count(text, want) != n {
			t.Errorf("%q is there %d times, want %d, in\n%s", want, strings.Count(text, want), n, text)
		}
	}
}

// TestNothing: the text of a machine without a card says so.
func TestNothing(t *testing.T) {
	if text, _ := encode(t, reporttest.Of(reporttest.Nothing())); !strings.Contains(text, "**NOTHING-TO-AUDIT**") || !strings.Contains(text, "nothing was audited") {
		t.Errorf("%s", text)
	}
}

// TestMany: a fleet stays within what GitHub takes, and the text says what it leaves out.
func TestMany(t *testing.T) {
	text, _ := encode(t, reporttest.Of(reporttest.Many(6000, func(i int) string { return fmt.Sprintf("%04x:%02x:00.0", i>>8, i&255) })))
	if len(text) > 1<<20 || !strings.Contains(text, "left out here") || !strings.Contains(text, "6000 failed") {
		t.Errorf("%d bytes: %.300s", len(text), text)
	}
}

func TestGolden(t *testing.T) {
	text, _ := encode(t, reporttest.Of(reporttest.Stored(t, "9-messages")))
	reporttest.Golden(t, "9-messages.md", []byte(text))
}
