package html_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/reporttest"
)

// chromium runs Debian's browser without a screen on a page, and returns what it prints.
func chromium(t *testing.T, page []byte, flags ...string) []byte {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed (apt-get install chromium): the page was opened in no browser")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "page.html")
	if err := os.WriteFile(file, page, 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--user-data-dir=" + filepath.Join(dir, "profile")}, append(flags, "file://"+file)...)...)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("chromium: %v\n%.2000s", err, errs.Bytes())
	}
	return out
}

// TestBrowserRunsNothing: a browser that is allowed to run scripts finds none on a page of
// over a hundred hostile texts, in every place: with the page's policy taken off, escaping
// alone holds.
func TestBrowserRunsNothing(t *testing.T) {
	texts := hostileTexts()
	if len(texts) < 100 {
		t.Fatalf("%d texts", len(texts))
	}
	set := &report.Set{}
	for _, text := range texts {
		r := reporttest.Hostile(text)
		fill(r.Report, text)
		set.Reports = append(set.Reports, r)
	}
	page := encode(t, set)
	policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`)
	if len(policy.FindAll(page, -1)) != 1 {
		t.Fatal("the page has no policy, or several")
	}
	page = policy.ReplaceAll(page, nil)
	dom := chromium(t, page, "--dump-dom")
	title := regexp.MustCompile(`<title>([^<]*)</title>`).FindSubmatch(dom)
	if title == nil || string(title[1]) != "gpuaudit report" || bytes.HasPrefix(dom, []byte("owned")) {
		t.Errorf("something ran: the title is %q", title)
	}
	if n := bytes.Count(dom, []byte("<section id=\"r")); n != len(texts) {
		t.Errorf("%d reports on the page as the browser reads it, of %d", n, len(texts))
	}
	// That something would have been seen to run.
	planted := []byte("<!DOCTYPE html><title>page</title><script>document.title='owned'</script>")
	if dom := chromium(t, planted, "--dump-dom"); !bytes.Contains(dom, []byte("<title>owned</title>")) {
		t.Error("the browser runs no script at all: the test shows nothing")
	}
}

// TestPrints: printed on A4 and on Letter, the page has each answer and what failed, in
// full, and no line wider than the sheet.
func TestPrints(t *testing.T) {
	r := reporttest.Stored(t, "9-messages")
	page := encode(t, reporttest.Of(r))
	for _, sheet := range []struct{ name, size string }{{"A4", `594\.\d+ x 84[12]`}, {"Letter", "612 x 792"}} {
		pdf := filepath.Join(t.TempDir(), "page.pdf")
		sized := bytes.Replace(page, []byte("@page { margin"), []byte("@page { size: "+sheet.name+"; margin"), 1)
		// The policy knows the one style that ships by its digest.
		sized = regexp.MustCompile(`style-src [^;]*;`).ReplaceAll(sized, []byte("style-src 'unsafe-inline';"))
		chromium(t, sized, "--no-pdf-header-footer", "--print-to-pdf="+pdf)
		if _, err := exec.LookPath("pdftotext"); err != nil {
			t.Skip("pdftotext is not installed (apt-get install poppler-utils): what was printed was not read back")
		}
		text, err := exec.Command("pdftotext", pdf, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		info, err := exec.Command("pdfinfo", pdf).Output()
		if err != nil || !regexp.MustCompile(`Page size: +`+sheet.size).Match(info) {
			t.Errorf("%s: %v\n%s", sheet.name, err, info)
		}
		read := letters(string(text))
		for _, a := range r.Devices[0].Answers {
			if !strings.Contains(read, letters(a.Sentence)) {
				t.Errorf("%s lacks %q", sheet.name, a.Sentence)
			}
		}
		for _, f := range r.Findings {
			if f.Status == "fail" && !strings.Contains(read, letters(f.Remediation)) {
				t.Errorf("%s lacks what to do about %s", sheet.name, f.ID)
			}
		}
	}
}

// letters is a text without what lines and sheets break.
func letters(s string) string {
	return regexp.MustCompile(`[^\pL\pN]+`).ReplaceAllString(s, "")
}

// TestAxe holds pages to the rules of WCAG 2.2 AA that axe-core checks, in light and in
// dark, with all evidence open. The program is no part of the project: GPUAUDIT_AXE names
// its axe.min.js.
func TestAxe(t *testing.T) {
	name := os.Getenv("GPUAUDIT_AXE")
	if name == "" {
		t.Skip("GPUAUDIT_AXE names no axe.min.js (npm install axe-core): nobody checked WCAG's rules")
	}
	axe, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	run := fmt.Sprintf(`<script>%s</script><script>document.querySelectorAll('details').forEach(d => d.open = true);
axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(r => { document.body.textContent = 'AXE ' + r.passes.length + ' rules passed; ' + r.violations.map(v => v.id + ' (' + v.impact + '): ' + v.nodes[0].html).join('; ') + ' END' })</script></body>`, axe)
	set := &report.Set{Reports: []report.Named{reporttest.Stored(t, "3-pack"), reporttest.Stored(t, "9-messages")}}
	page := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`).ReplaceAll(encode(t, set), nil)
	page = bytes.Replace(page, []byte("</body>"), []byte(run), 1)
	for _, scheme := range []string{"1", "0"} { // light, dark
		dom := chromium(t, page, "--dump-dom", "--virtual-time-budget=20000", "--blink-settings=preferredColorScheme="+scheme)
		said := regexp.MustCompile(`(?s)AXE (\d+) rules passed; (.*?) END`).FindSubmatch(dom)
		if said == nil || len(said[1]) < 2 || len(strings.TrimSpace(string(said[2]))) > 0 {
			t.Errorf("scheme %s: %.3000s", scheme, said)
		}
	}
}
