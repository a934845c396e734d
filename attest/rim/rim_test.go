package rim

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/rim/rimtest"
)

var (
	zero = strings.Repeat("00", 48)
	one  = strings.Repeat("11", 48)
	two  = strings.Repeat("22", 48)
	day  = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
)

func signer(t testing.TB) *rimtest.Signer {
	t.Helper()
	s, err := rimtest.NewSigner("GH100")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sign(t testing.TB, s *rimtest.Signer, body string, f rimtest.Form) string {
	t.Helper()
	text, err := s.Sign(body, f)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func sample() rimtest.Document {
	return rimtest.Document{Version: "96.00.74.00.01", Edition: "GPU", Product: "GH100", Resources: []rimtest.Resource{
		{Index: 0, Values: []string{zero}}, {Index: 1, Values: []string{one, two}}, {Index: 2, Inactive: true, Values: []string{zero}}, {Index: 0x1000 + 37, Floor: "5"}}}
}

func verify(t testing.TB, b []byte, p Policy) *Result {
	t.Helper()
	r, err := Verify(b, p)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Checks) != len(checks) {
		t.Fatalf("%d checks, want %d: %+v", len(r.Checks), len(checks), r.Checks)
	}
	return r
}

// TestSigned: a manifest is read, and values come as they are written.
func TestSigned(t *testing.T) {
	s := signer(t)
	text := sign(t, s, sample().Body(), rimtest.Form{})
	p := Policy{Now: day, Roots: s.Root()}
	r := verify(t, []byte(text), p)
	if r.Checks.Status() != check.Pass || r.Manifest == nil {
		t.Fatalf("%+v", r)
	}
	m := r.Manifest
	if m.Version != "96.00.74.00.01" || m.Product != "GH100" || m.Edition != "GPU" || m.Manufacturer != "5703" || len(m.Entries) != 3 || m.Active() != 3 {
		t.Errorf("%+v", m)
	}
	if len(m.Floors) != 1 || m.Floors[0] != (Floor{Record: 37, Name: "FLOOR_4133", Active: true, Min: 5}) {
		t.Errorf("%+v", m.Floors)
	}
	if e := m.Entries[1]; e.Matches(bytes.Repeat([]byte{0x22}, 48)) != 1 || e.Matches(bytes.Repeat([]byte{0x33}, 48)) != -1 {
		t.Errorf("%+v", e)
	}
	// The same document written in another way: order of attributes, quotes, empty
	// elements, a comment, the head of an XML document.
	other := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + strings.Replace(text, `<ns0:Resource active="True" alternatives="1" index="0"`, `<ns0:Resource index='0' active="True"   alternatives="1"`, 1)
	other = strings.Replace(other, "></ns0:Meta>", "/><!-- a comment -->", 1)
	if other == text || verify(t, []byte(other), p).Checks.Status() != check.Pass {
		t.Errorf("%+v", verify(t, []byte(other), p).Checks)
	}
	// The pin of a root that the manifest brings.
	if r := verify(t, []byte(text), Policy{Now: day, Pins: [][32]byte{sha256.Sum256(s.Root()[0].Raw)}}); r.Checks.Status() != check.Pass {
		t.Errorf("%+v", r.Checks)
	}
}

// TestRefused: each fault has its own reason, and none gives a manifest.
func TestRefused(t *testing.T) {
	s, other := signer(t), signer(t)
	body := sample().Body()
	text := sign(t, s, body, rimtest.Form{})
	with := func(edit func(*rimtest.Document)) string {
		d := sample()
		edit(&d)
		return sign(t, s, d.Body(), rimtest.Form{})
	}
	resource := func(r rimtest.Resource) string {
		return with(func(d *rimtest.Document) { d.Resources = append(d.Resources, r) })
	}
	info := func(from, to string) string {
		return sign(t, s, body, rimtest.Form{Info: func(i string) string {
			if !strings.Contains(i, from) {
				t.Fatalf("%s is not in the signed info", from)
			}
			return strings.Replace(i, from, to, 1)
		}})
	}
	edited := func(from, to string) string {
		if !strings.Contains(text, from) {
			t.Fatalf("%s is not in the document", from)
		}
		return strings.Replace(text, from, to, 1)
	}
	inBody := func(from, to string) string {
		changed := strings.Replace(body, from, to, 1)
		if changed == body {
			t.Fatalf("%s is not in the body", from)
		}
		return sign(t, s, changed, rimtest.Form{})
	}
	appended := &rimtest.Signer{Key: other.Key, Chain: append(other.Chain[:1:1], s.Chain...)}
	keyFirst := sign(t, other, body, rimtest.Form{Key: func(k string) string {
		return strings.Replace(k, "<ds:X509Data>", "<ds:KeyValue>AA==</ds:KeyValue><ds:X509Data>", 1)
	}})
	signature := text[strings.Index(text, "<ds:Signature "):strings.Index(text, "</SoftwareIdentity>")]
	payload := body[strings.Index(body, "<ns0:Payload>"):strings.Index(body, "</SoftwareIdentity>")]
	for name, tt := range map[string]struct {
		text, check, code string
		status            check.Status
	}{
		"nothing":                 {"", CheckForm, "truncated", check.Fail},
		"cut":                     {text[:len(text)-3], CheckForm, "not-xml", check.Fail},
		"cut at an element":       {text[:strings.Index(text, "<ns0:Payload>")], CheckForm, "truncated", check.Fail},
		"text behind":             {text + "x", CheckForm, "not-xml", check.Fail},
		"document type":           {`<!DOCTYPE a [<!ENTITY b "c">]>` + text, CheckForm, "doctype", check.Fail},
		"instruction":             {edited("<ns0:Payload>", "<?a b?><ns0:Payload>"), CheckForm, "instruction", check.Fail},
		"entity":                  {edited(`name="GH100"`, `name="&b;"`), CheckForm, "not-xml", check.Fail},
		"deep":                    {strings.Repeat("<a>", 9) + strings.Repeat("</a>", 9), CheckForm, "too-deep", check.Fail},
		"wide":                    {"<a>" + strings.Repeat("<a></a>", 4096) + "</a>", CheckForm, "too-large", check.Fail},
		"many attributes":         {"<a" + attributes(32769) + "/>", CheckForm, "too-large", check.Fail},
		"large":                   {strings.Repeat(" ", MaxBytes+1), CheckForm, "too-large", check.Fail},
		"attribute twice":         {edited(`name="GH100"`, `name="GH100" name="GH100"`), CheckForm, "duplicate-attribute", check.Fail},
		"attribute of XML":        {edited(`name="GH100"`, `name="GH100" xml:base="x"`), CheckForm, "unsupported", check.Unknown},
		"another document":        {`<a xmlns="` + rimtest.SWID + `"></a>`, CheckForm, "not-swid", check.Fail},
		"not signed":              {body, CheckForm, "not-signed", check.Fail},
		"two signatures":          {strings.Replace(text, "</SoftwareIdentity>", signature+"</SoftwareIdentity>", 1), CheckForm, "two-signatures", check.Fail},
		"signature elsewhere":     {strings.Replace(strings.Replace(text, signature, "", 1), "</ns0:Payload>", signature+"</ns0:Payload>", 1), CheckForm, "signature-place", check.Fail},
		"wrapped document":        {`<SoftwareIdentity xmlns="` + rimtest.SWID + `"><Link>` + text + `</Link></SoftwareIdentity>`, CheckForm, "signature-place", check.Fail},
		"object":                  {edited("</ds:KeyInfo>", "</ds:KeyInfo><ds:Object></ds:Object>"), CheckForm, "signature-form", check.Fail},
		"bare key first":          {keyFirst, CheckForm, "key-value", check.Fail},
		"reference elsewhere":     {info(`URI=""`, `URI="#a"`), CheckForm, "reference", check.Fail},
		"no URI":                  {info(` URI=""`, ``), CheckForm, "reference", check.Fail},
		"two references":          {info(`</ds:SignedInfo>`, `<ds:Reference URI=""></ds:Reference></ds:SignedInfo>`), CheckForm, "signed-info", check.Fail},
		"exclusive":               {info(`<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2006/12/xml-c14n11">`, `<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">`), CheckForm, "unsupported", check.Unknown},
		"other transform":         {info(`<ds:Transform Algorithm="http://www.w3.org/2006/12/xml-c14n11">`, `<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">`), CheckForm, "transforms", check.Fail},
		"one transform":           {info(`<ds:Transform Algorithm="http://www.w3.org/2006/12/xml-c14n11"></ds:Transform>`, ``), CheckForm, "transforms", check.Fail},
		"RSA":                     {info(`ecdsa-sha384`, `rsa-sha384`), CheckForm, "unsupported", check.Unknown},
		"SHA-1":                   {info(`http://www.w3.org/2001/04/xmldsig-more#sha384`, rimtest.DSig+"sha1"), CheckForm, "unsupported", check.Unknown},
		"DER":                     {sign(t, s, body, rimtest.Form{DER: true}), CheckSignature, "signature-size", check.Fail},
		"edited signed info":      {edited("</ds:SignedInfo>", " </ds:SignedInfo>"), CheckSignature, "signature", check.Fail},
		"another's signature":     {sign(t, &rimtest.Signer{Key: other.Key, Chain: s.Chain}, body, rimtest.Form{}), CheckSignature, "signature", check.Fail},
		"edited body":             {edited(one, two), CheckDigest, "digest", check.Fail},
		"another root":            {sign(t, other, body, rimtest.Form{}), CheckChain, "unknown-root", check.Fail},
		"the maker's chain added": {sign(t, appended, body, rimtest.Form{}), CheckChain, "unknown-root", check.Fail},
		"signed by a CA":          {sign(t, s.Above(), body, rimtest.Form{}), CheckChain, "not-a-signer", check.Fail},
		"wrapped payload":         {inBody(payload, `<ns0:Link>`+payload+`</ns0:Link>`), CheckContent, "wrapped", check.Fail},
		"two payloads":            {inBody(payload, payload+payload), CheckContent, "duplicate-element", check.Fail},
		"no payload":              {inBody(payload, ""), CheckContent, "missing-element", check.Fail},
		"other in the payload":    {inBody("<ns0:Payload>\n", "<ns0:Payload>\n<ns0:Directory></ns0:Directory>"), CheckContent, "payload", check.Fail},
		"no version":              {inBody(` colloquialVersion="96.00.74.00.01"`, ""), CheckContent, "missing-attribute", check.Fail},
		"other resource":          {inBody(`type="Measurement"`, `type="Other"`), CheckContent, "unsupported", check.Unknown},
		"active":                  {inBody(`active="True"`, `active="true"`), CheckContent, "active", check.Fail},
		"size":                    {inBody(`size="48"`, `size="32"`), CheckContent, "size", check.Fail},
		"no number":               {inBody(`index="0"`, `index="-1"`), CheckContent, "number", check.Fail},
		"duplicate index":         {resource(rimtest.Resource{Index: 1, Values: []string{one}}), CheckContent, "duplicate-index", check.Fail},
		"duplicate floor":         {resource(rimtest.Resource{Index: 0x1000 + 37, Floor: "1"}), CheckContent, "duplicate-index", check.Fail},
		"no block has it":         {resource(rimtest.Resource{Index: 254, Values: []string{one}}), CheckContent, "index", check.Fail},
		"inactive non-zero":       {resource(rimtest.Resource{Index: 3, Inactive: true, Values: []string{one}}), CheckContent, "inactive-value", check.Fail},
		"beyond the hashes":       {resource(rimtest.Resource{Index: 3, Values: []string{one}, Alternatives: 2}), CheckContent, "alternatives", check.Fail},
		"hashes beyond":           {resource(rimtest.Resource{Index: 3, Values: []string{one, two}, Alternatives: 1}), CheckContent, "alternatives", check.Fail},
		"no alternatives":         {resource(rimtest.Resource{Index: 3}), CheckContent, "alternatives", check.Fail},
		"short hash":              {resource(rimtest.Resource{Index: 3, Values: []string{one[2:]}}), CheckContent, "hash", check.Fail},
		"floor without a number":  {resource(rimtest.Resource{Index: 0x1000, Floor: "many"}), CheckContent, "floor", check.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			r := verify(t, []byte(tt.text), Policy{Now: day, Roots: s.Root()})
			if c := r.Checks.Find(tt.check); c.Status != tt.status || c.Code != tt.code || c.Detail == "" {
				t.Errorf("%+v", r.Checks)
			}
			if r.Manifest != nil || r.Checks.Status() == check.Pass {
				t.Errorf("a manifest was given out: %+v", r.Manifest)
			}
			first := ""
			for _, c := range r.Checks {
				if c.Status == check.Fail && first == "" {
					first = c.Name
				}
			}
			if tt.status == check.Fail && first != tt.check {
				t.Errorf("the first fault is of %s", first)
			}
		})
	}
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " a%d=''", i)
	}
	return b.String()
}

// TestValidity: expiry is a verdict of its own.
func TestValidity(t *testing.T) {
	s := signer(t)
	text := []byte(sign(t, s, sample().Body(), rimtest.Form{}))
	for name, tt := range map[string]struct {
		now    time.Time
		accept bool
		code   string
		status check.Status
	}{
		"valid":    {day, false, "", check.Pass},
		"ended":    {rimtest.End.AddDate(0, 0, 1), false, "expired", check.Unknown},
		"accepted": {rimtest.End.AddDate(0, 0, 1), true, "", check.Pass},
		"early":    {rimtest.Begin.AddDate(0, 0, -1), true, "not-yet-valid", check.Unknown},
	} {
		r := verify(t, text, Policy{Now: tt.now, Roots: s.Root(), UnsafeAcceptExpired: tt.accept})
		if c := r.Checks.Find(CheckValidity); c.Status != tt.status || c.Code != tt.code || r.Manifest == nil || r.Until != "2027-01-01T00:00:00Z" {
			t.Errorf("%s: %+v", name, r)
		}
		if c := r.Checks.Find(CheckChain); c.Status != check.Pass {
			t.Errorf("%s: %+v", name, c)
		}
	}
	for _, p := range []Policy{{}, {Now: day}, {Roots: s.Root()}} {
		if _, err := Verify(text, p); err == nil {
			t.Errorf("%+v is no policy", p)
		}
	}
}

// shared reads one of NVIDIA's own files, which are not part of this project.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "nvidia", name))
	if err != nil {
		t.Skipf("NVIDIA's samples are not here: %v", err)
	}
	return b
}

func makersRoot(t testing.TB) []*x509.Certificate {
	t.Helper()
	text := string(shared(t, "roots/rim_root.pem"))
	_, text, _ = strings.Cut(text, "-----BEGIN CERTIFICATE-----")
	text, _, _ = strings.Cut(text, "-----END")
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return []*x509.Certificate{c}
}

// TestPublished: each of NVIDIA's manifests gets the verdict that the index of the files
// states.
func TestPublished(t *testing.T) {
	for name, tt := range map[string]struct {
		version string
		active  int
		check   string
		code    string
	}{
		"1010_0200_882_96005E0001_PROD.swidtag":                      {"96.00.5E.00.01", 12, "", ""},
		"1010_0205_862_96005E0002_PROD.swidtag":                      {"96.00.5E.00.02", 12, "", ""},
		"1010_0205_862_9600740020_PROD.swidtag":                      {"96.00.74.00.20", 12, "", ""},
		"Driver_RIM_test_no_gpu.swidtag":                             {"545.00", 21, "", ""},
		"NV_GPU_DRIVER_GH100_550.144.03.xml":                         {"550.144.03", 21, "", ""},
		"g520_0200_885_9600740001_PROD.swidtag":                      {"96.00.74.00.01", 12, "", ""},
		"g520_0202_885_96006D0008_PROD.swidtag":                      {"96.00.6D.00.08", 12, "", ""},
		"switchVBIOSRim_NV_SWITCH_BIOS_5612_0002_890_9610550001.xml": {"96.10.55.00.01", 31, "", ""},
		"BAD_NV_GPU_DRIVER_GH100_535.86.09_tampered.xml":             {"", 0, CheckDigest, "digest"},
		"BAD_incorrect_signature_driver_rim.xml":                     {"", 0, CheckSignature, "signature"},
	} {
		t.Run(name, func(t *testing.T) {
			b := shared(t, "rim/"+name)
			r := verify(t, b, Policy{Now: time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC), Roots: makersRoot(t)})
			if tt.check != "" {
				for _, c := range r.Checks[:3] {
					if (c.Name == tt.check) != (c.Status == check.Fail) || c.Name == tt.check && c.Code != tt.code {
						t.Errorf("%+v", c)
					}
				}
				if r.Manifest != nil {
					t.Error("a manifest was given out")
				}
				return
			}
			if r.Manifest == nil || r.Manifest.Version != tt.version || r.Manifest.Active() != tt.active {
				t.Fatalf("%+v", r)
			}
			// Each is valid while its signer is, and only then.
			until, err := time.Parse(time.RFC3339, r.Until)
			if err != nil {
				t.Fatal(err)
			}
			if c := verify(t, b, Policy{Now: until, Roots: makersRoot(t)}).Checks; c.Status() != check.Pass {
				t.Errorf("at %v: %+v", until, c)
			}
			if c := verify(t, b, Policy{Now: until.Add(time.Second), Roots: makersRoot(t)}).Checks.Find(CheckValidity); c.Code != "expired" || c.Status != check.Unknown {
				t.Errorf("after %v: %+v", until, c)
			}
			// The device's root is not that of manifests.
			if c := verify(t, b, Policy{Now: until, Roots: signer(t).Root()}).Checks.Find(CheckChain); c.Code != "unknown-root" {
				t.Errorf("%+v", c)
			}
		})
	}
}

// TestEveryByte: no byte of a manifest that is signed can change without notice. What
// may change is how the same is written.
func TestEveryByte(t *testing.T) {
	s := signer(t)
	text := []byte(sign(t, s, sample().Body(), rimtest.Form{}))
	p := Policy{Now: day, Roots: s.Root()}
	want := fmt.Sprint(*verify(t, text, p).Manifest)
	for i := range text {
		changed := bytes.Clone(text)
		changed[i] ^= []byte{1, 0x20, 0x10}[i%3]
		if r := verify(t, changed, p); r.Manifest != nil && fmt.Sprint(*r.Manifest) != want {
			t.Fatalf("byte %d: %+v", i, r.Manifest)
		}
	}
}

func FuzzVerify(f *testing.F) {
	s := signer(f)
	text := sign(f, s, sample().Body(), rimtest.Form{})
	f.Add([]byte(text))
	f.Add([]byte("<!DOCTYPE a>"))
	for _, pattern := range []string{"*.xml", "*.swidtag"} {
		names, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "nvidia", "rim", pattern))
		for _, name := range names {
			if b, err := os.ReadFile(name); err == nil {
				f.Add(b)
			}
		}
	}
	p := Policy{Now: day, Roots: s.Root()}
	want := fmt.Sprint(*verify(f, []byte(text), p).Manifest)
	f.Fuzz(func(t *testing.T, b []byte) {
		if r := verify(t, b, p); r.Manifest != nil && fmt.Sprint(*r.Manifest) != want {
			t.Fatalf("nobody signed %+v", r.Manifest)
		}
	})
}

// FuzzManifest reads canonical forms as if they were signed.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(sample().Body()))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := readManifest(b)
		if err != nil {
			return
		}
		for _, e := range m.Entries {
			for _, v := range e.Values {
				if len(v) != hashSize {
					t.Fatalf("%d bytes", len(v))
				}
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	text := shared(b, "rim/NV_GPU_DRIVER_GH100_550.144.03.xml")
	p := Policy{Now: day, Roots: makersRoot(b), UnsafeAcceptExpired: true}
	b.ReportAllocs()
	for b.Loop() {
		if verify(b, text, p).Manifest == nil {
			b.Fatal("refused")
		}
	}
}
