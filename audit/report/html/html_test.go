package html_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	parser "golang.org/x/net/html"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/message/messagetest"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/html"
	"github.com/gpuaudit/gpuaudit/audit/report/reporttest"
	"github.com/gpuaudit/gpuaudit/rules"
)

func encode(t testing.TB, s *report.Set) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := html.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// elements are those that a page may have.
var elements = strings.Fields("html head meta title style body a header h1 h2 h3 h4 h5 p div section nav ul ol li main footer table caption thead tbody tr th td " +
	"span strong code pre details summary dl dt dd figure figcaption svg desc path rect text line")

// attributes are those that an element may have.
var attributes = strings.Fields("lang charset http-equiv content name class href id aria-labelledby aria-label role tabindex scope rel " +
	"viewBox viewbox xmlns d x y width height rx x1 y1 x2 y2 text-anchor")

// harmless holds a page to what this package writes: elements and attributes that load and
// run nothing, links to places of the page and to pages of others, and ids that are there
// once. It returns the text of the page.
func harmless(t *testing.T, page []byte) string {
	t.Helper()
	doc, err := parser.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	ids, asked := map[string]bool{}, []string{}
	for n := range doc.Descendants() {
		if n.Type == parser.TextNode && n.Parent.Data != "style" {
			text.WriteString(n.Data + " ")
		}
		if n.Type == parser.CommentNode {
			t.Errorf("a comment: %.80q", n.Data)
		}
		if n.Type != parser.ElementNode {
			continue
		}
		if !slices.Contains(elements, n.Data) {
			t.Errorf("element %q", n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case !slices.Contains(attributes, a.Key):
				t.Errorf("attribute %s of %s", a.Key, n.Data)
			case a.Key == "id":
				if ids[a.Val] {
					t.Errorf("id %s is there twice", a.Val)
				}
				ids[a.Val] = true
			case a.Key == "href" && strings.HasPrefix(a.Val, "#"):
				asked = append(asked, a.Val[1:])
			case a.Key == "aria-labelledby":
				asked = append(asked, strings.Fields(a.Val)...)
			case a.Key == "href" && !strings.HasPrefix(a.Val, "https://"):
				t.Errorf("a link to %q", a.Val)
			}
		}
	}
	for _, id := range asked {
		if !ids[id] {
			t.Errorf("nothing has the id %q that the page points at", id)
		}
	}
	return text.String()
}

// TestPolicy: the page's policy allows its one style by its digest, and nothing else.
func TestPolicy(t *testing.T) {
	page := encode(t, reporttest.Of(reporttest.Stored(t, "9-messages")))
	harmless(t, page)
	_, rest, _ := bytes.Cut(page, []byte("<style>"))
	style, _, _ := bytes.Cut(rest, []byte("</style>"))
	sum := sha256.Sum256(style)
	want := `content="default-src &#39;none&#39;; style-src &#39;sha256-` + strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;") + `&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`
	if !bytes.Contains(page, []byte(want)) {
		t.Errorf("the page lacks %s", want)
	}
}

// TestSays: the page has each answer, each check and each value that a check rests on.
func TestSays(t *testing.T) {
	for _, name := range []string{"1-first", "3-pack", "5-inputs", "9-messages"} {
		r := reporttest.Stored(t, name)
		text := spaced(harmless(t, encode(t, reporttest.Of(r))))
		says := func(what string) {
			t.Helper()
			if !strings.Contains(text, spaced(report.Clean(what))) {
				t.Errorf("%s: the page lacks %q", name, what)
			}
		}
		for _, d := range r.Devices {
			for _, a := range d.Answers {
				says(a.Word)
				says(a.Sentence)
				says(a.Decide)
			}
		}
		for _, f := range r.Findings {
			says(f.Title)
			says(f.Detail)
			if f.Status == finding.Fail {
				says(f.Remediation)
				says(f.Fingerprint)
			}
		}
		for _, reason := range r.Verdict.Reasons {
			says(reason)
		}
	}
	text := string(encode(t, reporttest.Of(reporttest.Stored(t, "9-messages"))))
	if !strings.Contains(text, `<dt class="code">/inventory/devices/0/driver/module/file/signature</dt><dd class="code">{&#34;present&#34;:false}</dd>`) {
		t.Error("the page lacks the value that GA-BD-012 rests on")
	}
}

func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }

// TestHostileTexts: whatever a card says is text, in every place.
func TestHostileTexts(t *testing.T) {
	for _, hostile := range hostileTexts() {
		r := reporttest.Hostile(hostile)
		fill(r.Report, hostile)
		page := encode(t, &report.Set{Reports: []report.Named{r, r}})
		harmless(t, page)
		if one := strings.ReplaceAll(string(page), "\n", " "); report.Clean(one) != one {
			t.Errorf("%q: the page has a character that a screen obeys", hostile)
		}
	}
}

// hostileTexts are those for all formats, and what is meant for browsers.
func hostileTexts() []string {
	list := slices.Clone(reporttest.HostileTexts)
	for _, do := range []string{"document.title='owned'", "document.body.innerHTML='owned'"} {
		for _, form := range []string{
			"<script>%s</script>", "</title><script>%s</script>", "</style><script>%s</script>", "</svg><script>%s</script>", "</summary></details><script>%s</script>",
			"\"><script>%s</script>", "'><script>%s</script>", "--><script>%s</script>", "]]><script>%s</script>", "</textarea><script>%s</script>",
			"<img src=x onerror=\"%s\">", "<svg onload=\"%s\">", "<svg/onload=%s>", "<body onload=\"%s\">", "<details open ontoggle=\"%s\">", "<input autofocus onfocus=\"%s\">",
			"<iframe srcdoc=\"<script>parent.%s</script>\">", "<object data=\"javascript:%s\">", "<embed src=\"javascript:%s\">", "<a href=\"javascript:%s\">x</a>",
			"javascript:%s", "JaVaScRiPt:%s", "data:text/html,<script>%s</script>", "vbscript:%s", "https://x\" onmouseover=\"%s", "https://x/'onclick='%s",
			"<math><mi xlink:href=\"javascript:%s\">", "<svg><a xlink:href=\"javascript:%s\"><text>x</text></a></svg>", "<svg><set attributeName=href to=javascript:%s>", "<svg><script>%s</script></svg>",
			"<style>@import 'javascript:%s';</style>", "<link rel=stylesheet href=\"javascript:%s\">", "<meta http-equiv=refresh content=\"0;url=javascript:%s\">", "<base href=\"javascript:%s//\">",
			"<form action=\"javascript:%s\"><input type=submit>", "{{%s}}", "${%s}", "<%% %s %%>", "\u003cscript\u003e%s\u003c/script\u003e", "&lt;script&gt;%s&lt;/script&gt;",
			"<noscript><p title=\"</noscript><script>%s</script>\">", "<template><script>%s</script></template>", "\x00<script>%s</script>", "<scr\x00ipt>%s</script>",
		} {
			list = append(list, fmt.Sprintf(form, do))
		}
	}
	return append(list, strings.Repeat("A", 5000), strings.Repeat("<b>", 500), "\u05d0\u05d1 \u202e abc", "url(#x)", "#top", "expression(1)")
}

// fill puts a text wherever the facts of a card can have one.
func fill(r *report.Report, text string) {
	f := inventory.Function{Address: text, VendorID: &text, Name: &text, Driver: &text, ACSEnabled: new(bool)}
	yes := true
	d := &r.Inventory.Devices[0]
	d.Bridges, d.Functions, d.Siblings = []inventory.Function{f}, []inventory.Function{f, f}, []inventory.Function{f}
	d.Neighbours = []inventory.Neighbour{{Function: f, Behind: text}}
	d.PCI.IOMMUGroup = &inventory.IOMMUGroup{ID: text, Type: &text, Members: []string{text}}
	d.ProductNames = []inventory.NameClaim{{Source: text, Value: text}}
	d.Identity = []inventory.IdentityClaim{{Kind: text, Source: text, Value: text}}
	d.Witnesses = []inventory.Witness{{Name: text, Notes: []string{text}, Disagreements: []inventory.Disagreement{{Fact: text, Ours: text, Theirs: text}}}}
	d.Gaps = []inventory.Gap{{Fact: "/x", Source: text, Reason: inventory.Reason(text), Detail: text}}
	d.Driver = &inventory.Driver{Name: text, Module: &inventory.Module{Name: text, Version: &text, File: &inventory.ModuleFile{Path: text, SHA256: text, Signature: &inventory.ModuleSignature{Present: true, Signer: &text}}}}
	efi := &inventory.EFIImage{Machine: text, Subsystem: text, Signed: &yes, DigestMatches: &yes, SignatureValid: &yes, Signer: &text, AuthenticodeSHA256: &text, InDB: &yes, InDBX: &yes,
		Chain: &inventory.SignatureChain{Anchor: &text, Fault: &text, Path: []string{text}}}
	bytes, place := 50, 0
	d.Firmware.ROMs = []inventory.ROM{{Source: text, Bytes: 100, SHA256: text, Version: &text,
		Images:     []inventory.ROMImage{{Bytes: 50, CodeType: text, EFI: efi}, {Offset: 50, Bytes: 10, CodeType: text, Partition: &place}, {Offset: -5, Bytes: 1 << 40}, {Offset: 99, Bytes: 1 << 62}},
		Regions:    []inventory.ROMRegion{{Kind: text, Offset: 60, Bytes: 10, NonBlank: 1}},
		Private:    []inventory.PrivateImage{{Offset: 70, Bytes: 10, CodeType: text}},
		Partitions: []inventory.ROMPartition{{Offset: 80, Bytes: &bytes, Name: text, State: text, Key: &text}},
		PSP:        []inventory.PSPEntry{{Offset: 10, Bytes: 5, Type: text, Signed: &yes, Key: &text}}, Microcode: []inventory.ROMMicrocode{{Application: text, Bytes: &bytes}}}}
	r.GPUProof = &facts.GPUProof{State: facts.AttestationState(text), Reason: text, Devices: []facts.ProvenDevice{{Address: d.Address, State: facts.AttestationFailed, Summary: text, Chip: text, Key: text, Driver: &text,
		Manifests: []facts.ProvenManifest{{Kind: text, ID: text, SHA256: text, Outcome: text}}, Differences: []facts.ProvenDifference{{Name: text, Cause: text}}}}}
	r.Attestation = &facts.Attestation{State: facts.AttestationState(text), Reason: text, Nonce: text, Covers: facts.Coverage(text), AKName: text, EKRoots: []string{text}}
	r.Devices[0].Reference.Firmware = facts.Verdict{State: facts.State(text), Reason: text, Differences: []facts.Difference{{Fact: text, Expected: text, Actual: text}},
		Vouchers: []facts.Voucher{{Manifest: text, Name: text, Issuer: text, Kind: text, Version: text, Issued: text, From: text}}}
	for i := range r.Findings {
		r.Findings[i].Evidence = []string{"/inventory/devices/0", "/inventory/devices/9/x", "/" + text, text, ""}
		r.Findings[i].Missing = []string{"/inventory/devices/0/x"}
	}
}

// TestNothing: the page of a machine without a card says so.
func TestNothing(t *testing.T) {
	if text := harmless(t, encode(t, reporttest.Of(reporttest.Nothing()))); !strings.Contains(text, "nothing to audit") {
		t.Errorf("%s", text)
	}
}

// fleet is a report of n cards, each like the next but for its place and its serial number,
// or each with a check that says something of its own.
func fleet(t testing.TB, n int, unlike bool) *report.Set {
	r := reporttest.Stored(t, "9-messages")
	device, facts := r.Devices[0], r.Inventory.Devices[0]
	var own []finding.Finding
	for _, f := range r.Findings {
		if f.Device == device.Address {
			own = append(own, f)
		}
	}
	r.Devices, r.Inventory.Devices = nil, nil
	for i := range n {
		d, f := device, facts
		d.Address = fmt.Sprintf("%04x:%02x:00.0", i>>8, i&255)
		f.Address = d.Address
		f.Identity = []inventory.IdentityClaim{{Kind: "serial", Source: "config", Value: fmt.Sprint(1000000 + i)}}
		r.Devices, r.Inventory.Devices = append(r.Devices, d), append(r.Inventory.Devices, f)
		for _, x := range own {
			x.Device, x.Detail = d.Address, strings.ReplaceAll(x.Detail, device.Address, d.Address)
			if unlike && x.ID == "GA-BD-012" {
				x.Detail += fmt.Sprint(i)
			}
			r.Findings = append(r.Findings, x)
		}
	}
	return reporttest.Of(r)
}

// TestManyCards: a page of 512 cards has less than 5 MiB and names each of them. What does
// not fit is left out by whole cards, and the page says so.
func TestManyCards(t *testing.T) {
	for _, unlike := range []bool{false, true} {
		page := encode(t, fleet(t, 512, unlike))
		if len(page) > 5<<20 {
			t.Errorf("unlike %t: %d bytes", unlike, len(page))
		}
		text := harmless(t, page)
		for _, address := range []string{"0000:00:00.0", "0001:ff:00.0"} {
			if !strings.Contains(text, address) {
				t.Errorf("unlike %t: %s is not on the page", unlike, address)
			}
		}
		left := regexp.MustCompile(`\d+ blocks were left out here`).FindString(text)
		if unlike != (left != "") {
			t.Errorf("unlike %t: left out: %q", unlike, left)
		}
		t.Logf("unlike %t: %d bytes; %s", unlike, len(page), left)
	}
}

// TestWayToMemory: the way has the colour of what rules found, and nobody's waiver changes
// it.
func TestWayToMemory(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		rule, pointer string
		status        finding.Status
		want, lacks   string
	}{
		{"GA-BD-018", "", finding.Pass, `class="way good"`, `class="way bad"`},
		{"GA-BD-018", "", finding.Fail, `class="way bad"`, `class="way good"`},
		{"GA-BD-018", "", finding.Waived, `class="way bad"`, `class="way good"`},
		{"GA-BD-018", "", finding.Unknown, `class="way open"`, `class="way good"`},
		{"GA-BD-017", "", finding.Fail, `class="way bad"`, `class="way good"`},
		{"GA-BD-030", "", finding.Fail, "The bridge 0000:00:01.0 lets devices below it reach each other", `class="way bad" d="M215`},
		{"GA-BD-029", "", finding.Fail, "addresses that the card translated itself go past the IOMMU", ""},
		{"GA-BD-025", "/inventory/devices/0/neighbours/0", finding.Fail, `<rect class="box bad" x="440"`, ""},
		{"GA-BD-025", "/inventory/devices/0/neighbours/0", finding.Unknown, `<rect class="box open" x="440"`, ""},
		{"GA-BD-025", "/inventory/devices/0/siblings/0", finding.Fail, `<rect class="box " x="440"`, `class="box bad" x="440"`},
	} {
		r := reporttest.Stored(t, "9-messages")
		d := &r.Inventory.Devices[0]
		d.Bridges = []inventory.Function{{Address: "0000:00:01.0", ACSEnabled: &no}}
		d.Neighbours = []inventory.Neighbour{{Function: inventory.Function{Address: "0000:04:00.0"}, Behind: "0000:00:01.0"}}
		r.Inventory.Host.IOMMU.Enabled = &yes
		for i := range r.Findings {
			switch f := &r.Findings[i]; {
			case f.ID == c.rule:
				f.Status = c.status
				if c.status == finding.Waived {
					f.Waiver = &finding.Waiver{Status: finding.Fail}
				}
				if c.pointer != "" {
					f.Evidence = []string{c.pointer}
				}
			case f.ID == "GA-BD-017" || f.ID == "GA-BD-018":
				f.Status = finding.Pass
			}
		}
		page := string(encode(t, reporttest.Of(r)))
		if !strings.Contains(page, c.want) || c.lacks != "" && strings.Contains(page, c.lacks) {
			t.Errorf("%s %s %s: the page lacks %q, or has %q", c.rule, c.status, c.pointer, c.want, c.lacks)
		}
	}
}

// TestVouchers: each step of who vouches for what is on the page, in the colour of the
// comparison.
func TestVouchers(t *testing.T) {
	for state, class := range map[facts.State]string{facts.Match: "good", facts.Mismatch: "bad", facts.Unknown: "open"} {
		r := reporttest.Stored(t, "9-messages")
		r.Devices[0].Reference.Firmware = facts.Verdict{State: state, Reason: "because", Vouchers: []facts.Voucher{{Manifest: "aabbcc", Name: "board.json", Issuer: "Example", Kind: "vendor", Version: "1.2", Issued: "2026-01-02", From: "a bill"}}}
		page := string(encode(t, reporttest.Of(r)))
		for _, want := range []string{`<li class="` + class + `">manifest board.json, version 1.2, of 2026-01-02, SHA-256 <span class="code">aabbcc</span></li>`, `made from a bill`, `the key of Example (vendor)`, "the trust file that was given"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %s", state, want)
			}
		}
	}
}

// TestFirmwareMap: a map is to scale, and says who signed what.
func TestFirmwareMap(t *testing.T) {
	r := reporttest.Stored(t, "9-messages")
	yes, no, signer, anchor := true, false, "CN=Example", "Example CA"
	efi := func(matches *bool, anchor *string) *inventory.EFIImage {
		return &inventory.EFIImage{Machine: "x64", Subsystem: "boot-service-driver", Signed: &yes, DigestMatches: matches, SignatureValid: &yes, Signer: &signer, Chain: &inventory.SignatureChain{Anchor: anchor}}
	}
	r.Inventory.Devices[0].Firmware.ROMs = []inventory.ROM{{Source: "file", Bytes: 1000, Images: []inventory.ROMImage{
		{Bytes: 250, CodeType: "00"}, {Offset: 250, Bytes: 250, CodeType: "03", EFI: efi(&yes, &anchor)}, {Offset: 500, Bytes: 250, CodeType: "03", EFI: efi(&no, &anchor)}, {Offset: 750, Bytes: 125, CodeType: "03", EFI: efi(&yes, nil)}},
		Regions: []inventory.ROMRegion{{Kind: "tail", Offset: 875, Bytes: 125}}}}
	page := string(encode(t, reporttest.Of(r)))
	for _, want := range []string{
		`class="part note" x="0" y="18" width="190"`, `class="part good" x="190" y="18" width="190"`, `class="part bad" x="380" y="18" width="190"`, `class="part open" x="570" y="18" width="95"`, `class="part blank" x="665"`,
		"signed by CN=Example, under Example CA", "carries the signature of CN=Example, which does not fit these bytes", "signed by CN=Example, under no authority that is known here",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

// TestLawByPlace: what a report says on law stands under whose law it is, and every place
// of the data has a name.
func TestLawByPlace(t *testing.T) {
	law, err := rules.Restrictions()
	if err != nil {
		t.Fatal(err)
	}
	texts := html.Texts(t, "en")
	for _, l := range law.Restrictions {
		if texts["place."+l.Jurisdiction] == "" {
			t.Errorf("the page has no name for the place %s", l.Jurisdiction)
		}
	}
	page := string(encode(t, reporttest.Of(reporttest.Stored(t, "2-law"))))
	_, of, _ := strings.Cut(page, "<h5>United States</h5>")
	of, _, _ = strings.Cut(of, "<h5>")
	if !strings.Contains(of, "GA-IR-009") || strings.Contains(of, "GA-IR-012") {
		t.Errorf("under United States stands %.300q", of)
	}
}

// TestTexts: every text that the page asks for is there, and none is there that it never asks
// for.
func TestTexts(t *testing.T) {
	texts := html.Texts(t, "en")
	for _, language := range html.Languages() {
		same := html.Texts(t, language)
		for id, text := range texts {
			if !slices.Equal(params(text), params(same[id])) {
				t.Errorf("%s: %s has the parameters %q, and %q in English", language, id, params(same[id]), params(text))
			}
			if same[id] == "" {
				t.Errorf("%s lacks %s", language, id)
			}
		}
		if len(same) != len(texts) || same["lang"] != language {
			t.Errorf("%s has %d texts, English %d", language, len(same), len(texts))
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var named []string // ids, and how they begin
	for _, name := range append(files, "page.tmpl") {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text := read(t, name)
		for _, m := range regexp.MustCompile(`"([a-z][A-Za-z.-]*)"`).FindAllStringSubmatch(text, -1) {
			named = append(named, m[1])
		}
		for _, m := range regexp.MustCompile(`(?:\{\{t |words\.of\()"([a-zA-Z.-]+)"[^+]`).FindAllStringSubmatch(text, -1) {
			if texts[m[1]] == "" && !strings.HasSuffix(m[1], ".") {
				t.Errorf("%s asks for the text %s, which is not there", name, m[1])
			}
		}
	}
	for id := range texts {
		if !slices.ContainsFunc(named, func(n string) bool { return n == id || strings.HasSuffix(n, ".") && strings.HasPrefix(id, n) }) {
			t.Errorf("nothing asks for the text %s", id)
		}
	}
}

// params are the parameters of a text, sorted.
func params(text string) []string {
	list := regexp.MustCompile(`\{[a-z]+\}`).FindAllString(text, -1)
	slices.Sort(list)
	return list
}

// TestFrench: a page in French says in French what the report holds as messages, marks what
// is left in English, and names the command that makes it again.
func TestFrench(t *testing.T) {
	french, err := message.Translation("fr", rules.Translation("fr"))
	if err != nil {
		t.Fatal(err)
	}
	r := reporttest.Stored(t, "10-texts")
	own := &r.Findings[0] // as of a user's rule
	own.Rule, own.Message, own.Title, own.Detail = "", nil, "A rule of my own", "It saw something."
	set := reporttest.Of(r)
	set.Language = french
	page := encode(t, set)
	text := spaced(harmless(t, page))
	for _, want := range []string{"Qui se porte garant de quoi", "Le chemin de la carte vers la mémoire", "Le module du pilote n’est pas signé", "A rule of my own", "--lang fr",
		"Autant qu’on puisse en juger."} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, f := range r.Findings[1:] {
		if f.Rule != "" && strings.Contains(text, f.Title) {
			t.Errorf("the page says %q", f.Title)
		}
	}
	for _, d := range r.Devices {
		for _, a := range d.Answers {
			if strings.Contains(text, a.Sentence) {
				t.Errorf("the page says %q", a.Sentence)
			}
		}
	}
	if !regexp.MustCompile(`lang="en">(?:<[^>]*>[^<]*</[^>]*> )?A rule of my own`).Match(page) {
		t.Error("a rule's English is not marked")
	}
	if r.Findings[1].Title == r.In(french).Findings[1].Title || own.Title != r.In(french).Findings[0].Title {
		t.Error("the report was changed, or not said in French")
	}
	// A report of an older version has no messages for titles: they stay as they are.
	old := reporttest.Stored(t, "9-messages")
	set = reporttest.Of(old)
	set.Language = french
	page = encode(t, set)
	text = spaced(harmless(t, page))
	said := 0
	for i, f := range old.In(french).Findings {
		if f.Title != old.Findings[i].Title || !strings.Contains(text, spaced(f.Title)) {
			t.Errorf("%s is called %q", f.ID, f.Title)
		}
		if f.Detail != old.Findings[i].Detail && strings.Contains(text, spaced(f.Detail)) {
			said++
		}
	}
	if said < 20 || bytes.Count(page, []byte(` lang="en"`)) < len(old.Findings) {
		t.Errorf("%d details are in French, %d places marked as English", said, bytes.Count(page, []byte(` lang="en"`)))
	}
}

// TestTypography: the page's French is written as that of the findings.
func TestTypography(t *testing.T) {
	for _, fault := range messagetest.Faults(html.Texts(t, "fr"), html.Texts(t, "en"), sameInFrench...) {
		t.Error(fault)
	}
	messagetest.Confirmed(t, "testdata/fr.confirmed", html.Texts(t, "fr"), html.Texts(t, "en"))
}

// sameInFrench are the texts that French shares with English.
var sameInFrench = strings.Fields("made.catalogue place.CA place.HK rom.version topology.iommu verdict witnesses.ours lang")

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestGolden(t *testing.T) {
	reporttest.Golden(t, "9-messages.html", encode(t, reporttest.Of(reporttest.Stored(t, "9-messages"))))
}
