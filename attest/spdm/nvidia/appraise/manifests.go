package appraise

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/revocation"
	"github.com/gpuaudit/gpuaudit/attest/rim"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// MaxManifests caps the files that manifests are looked for in.
const MaxManifests = 4096

// Manifests are files in which manifests are looked for. What each is worth is found out
// once for a policy and kept: many reports are held against few manifests.
type Manifests struct {
	files []*manifestFile

	mu   sync.Mutex
	kept map[verified]*rim.Result
}

// verified is what a result is kept for.
type verified struct {
	file     *manifestFile
	question string
}

// maxKept bounds the results that are kept: a caller has one policy, or a few.
const maxKept = 2 * MaxManifests

// questionOf tells one policy from another.
func questionOf(p rim.Policy) string {
	sum := sha256.New()
	for _, c := range p.Roots {
		sum.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(c.Raw))))
		sum.Write(c.Raw)
	}
	for _, pin := range p.Pins {
		sum.Write(pin[:])
	}
	return fmt.Sprintf("%d %d %d %t %x", p.Now.UnixNano(), len(p.Roots), len(p.Pins), p.UnsafeAcceptExpired, sum.Sum(nil))
}

type manifestFile struct {
	name string
	// id is what the file is called, or what the service that gave it out calls it. It is
	// a hint: what a manifest is for is decided by what is signed.
	id       string
	document []byte
}

// search verifies manifests, each once, and only those that a device may need.
type search struct {
	*Manifests
	policy     rim.Policy
	question   string
	revocation *revocation.Answers
}

// answer is what NVIDIA's service of manifests gives out.
type answer struct {
	ID     string `json:"id"`
	RIM    string `json:"rim"`
	SHA256 string `json:"sha256"`
	Format string `json:"rim_format"`
}

// Add adds a file: a SWID tag, a CoRIM, or an answer of NVIDIA's service that holds one. It says
// whether the file is a manifest at all.
func (m *Manifests) Add(name string, b []byte) (bool, error) {
	if len(m.files) == MaxManifests {
		return false, fmt.Errorf("more than %d reference manifests", MaxManifests)
	}
	f := &manifestFile{name: name, id: idOf(name), document: b}
	switch text := bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))); {
	case rim.IsCoRIM(b):
	case bytes.HasPrefix(text, []byte("{")):
		var a answer
		if err := strictjson.Decode(b, strictjson.Limits{Bytes: 2 * rim.MaxBytes, Unknown: true}, &a); err != nil || a.RIM == "" {
			return false, nil //nolint:nilerr // another document
		}
		document, err := base64.StdEncoding.DecodeString(a.RIM)
		if err != nil {
			return false, fmt.Errorf("%s: rim: %w", name, err)
		}
		if sum := sha256.Sum256(document); a.SHA256 != "" && !strings.EqualFold(a.SHA256, hex.EncodeToString(sum[:])) {
			return false, fmt.Errorf("%s: the manifest is not that of the digest beside it", name)
		}
		f.id, f.document = strings.ToUpper(a.ID), document
	case !bytes.HasPrefix(text, []byte("<")):
		return false, nil
	}
	m.files = append(m.files, f)
	return true, nil
}

// Len is how many manifests there are.
func (m *Manifests) Len() int {
	if m == nil {
		return 0
	}
	return len(m.files)
}

// idOf is the id in the name of a file, such as that of
// NV_GPU_DRIVER_GH100_550.144.03.xml, and of 1010_0200_882_96005E0001_PROD.swidtag.
func idOf(name string) string {
	base := filepath.Base(name)
	for _, ext := range []string{".xml", ".swidtag", ".rim", ".corim", ".cbor", ".json"} {
		if len(base) > len(ext) && strings.EqualFold(base[len(base)-len(ext):], ext) {
			base = base[:len(base)-len(ext)]
			break
		}
	}
	return strings.TrimSuffix(strings.ToUpper(base), "_PROD")
}

// kinds of manifests. A GPU needs one of its driver and one of its VBIOS, a switch that
// of its BIOS.
const (
	kindDriver = "driver"
	kindVBIOS  = "vbios"
	kindSwitch = "switch-bios"
)

// want is a manifest that a device needs.
type want struct {
	kind, id, version, edition string
	// missing says why there is no id; "" where there is one.
	missing string
}

// prefixes begin the ids of manifests, which the names of files may leave out.
var prefixes = []string{"NV_GPU_VBIOS_", "NV_SWITCH_BIOS_"}

// fits says whether a file is called as a manifest's id. A driver's also fits by the
// version that its text states: that and the chip are all its id says.
func (w want) fits(f *manifestFile) bool {
	id := strings.ToUpper(w.id)
	if f.id == id || strings.HasSuffix(f.id, "_"+id) {
		return true
	}
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(id, p); ok && f.id == rest {
			return true
		}
	}
	return w.kind == kindDriver && bytes.Contains(f.document, []byte(`colloquialVersion="`+w.version+`"`))
}

// LS10 switches do not report their board. These are the parts of its manifests' ids
// (NVIDIA, attestation SDK).
const boardLS10 = "5612_0002_890"

// wants are the manifests that a device needs, by what it reports.
func wants(d *nvidia.Device) []want {
	vbios := want{kind: kindVBIOS, edition: "GPU"}
	board := joined(d.Project, d.ProjectSKU, d.ChipSKU)
	prefix := "NV_GPU_VBIOS_"
	if d.Switch {
		vbios.kind, vbios.edition, prefix = kindSwitch, "SWITCH", "NV_SWITCH_BIOS_"
		if board == "" && d.Arch == "LS10" {
			board = boardLS10
		}
	}
	switch {
	case d.VBIOS == nil:
		vbios.missing = "the report states no VBIOS version"
	case board == "":
		vbios.version, vbios.missing = *d.VBIOS, "the report does not name its board"
	default:
		vbios.version = *d.VBIOS
		vbios.id = prefix + board + "_" + strings.ToUpper(strings.ReplaceAll(*d.VBIOS, ".", ""))
	}
	if d.Switch {
		return []want{vbios}
	}
	vbios.located(d)
	driver := want{kind: kindDriver, edition: "GPU"}
	if d.Driver == nil {
		driver.missing = "the report states no driver version"
	} else {
		driver.version, driver.id = *d.Driver, driverID(d)
		driver.located(d)
	}
	return []want{driver, vbios}
}

// located takes the id that the device itself names, where it names one: it is signed,
// and newer devices' ids have other parts.
func (w *want) located(d *nvidia.Device) {
	for _, l := range d.Locators {
		id := nvidia.ManifestID(l)
		if id != "" && strings.Contains(id, "_DRIVER_") == (w.kind == kindDriver) && w.version != "" {
			w.id, w.missing = id, ""
		}
	}
}

// driverID is the id of the manifest of a GPU's driver (NVIDIA, attestation SDK).
func driverID(d *nvidia.Device) string {
	model := d.Chip
	if d.Model != nil && *d.Model != "" {
		model = *d.Model
	}
	switch d.Arch {
	case "BLACKWELL":
		if d.Model == nil {
			model = "GB100"
		}
		return "NV_GPU_CC_DRIVER_" + model + "_" + *d.Driver
	case "HOPPER":
		model = "GH100"
	}
	return "NV_GPU_DRIVER_" + model + "_" + *d.Driver
}

// joined is parts with a line between, "" if one is missing.
func joined(parts ...*string) string {
	var list []string
	for _, p := range parts {
		if p == nil || *p == "" {
			return ""
		}
		list = append(list, *p)
	}
	return strings.ToUpper(strings.Join(list, "_"))
}

// Reference is a manifest that a device needs, and what became of it.
type Reference struct {
	// Kind is driver, vbios or switch-bios; ID is what was looked for, "" where the report
	// does not say enough.
	Kind string `json:"kind"`
	ID   string `json:"id,omitempty"`
	// File is the name of the file that was taken, or refused; "" for none.
	File string `json:"file,omitempty"`
	// Outcome is Matches, Differs or NoReference.
	Outcome Outcome `json:"outcome"`
	// Result is what the manifest itself is worth; nil where there is none.
	Result *rim.Result `json:"manifest,omitempty"`
	// Compared is how many entries and floors were compared, Matched how many fit.
	Compared    int          `json:"compared"`
	Matched     int          `json:"matched"`
	Differences []Difference `json:"differences,omitempty"`

	manifest *rim.Manifest
	corim    *rim.CoRIM
}

// usable says whether a manifest was accepted, and is for this device.
func (ref *Reference) usable() bool { return ref.manifest != nil || ref.corim != nil }

// find looks for a manifest, and says in checks what became of it.
func (s *search) find(w want, d *nvidia.Device) (*Reference, check.List, error) {
	ref := &Reference{Kind: w.kind, ID: w.id, Outcome: NoReference}
	found := check.Check{Name: w.kind + suffixManifest, Status: check.Unknown}
	list := check.List{found, notReached(w.kind + suffixValidity), notReached(w.kind + suffixFit)}
	if w.missing != "" {
		list[0].Code, list[0].Detail = "no-id", w.missing
		return ref, list, nil
	}
	for _, f := range s.candidates(w) {
		result, err := s.verify(f)
		if err != nil {
			return nil, nil, err
		}
		ref.File, ref.Result = f.name, result
		if list[0] = accepted(w, f, result); list[0].Status != check.Pass {
			continue
		}
		validity := *result.Checks.Find(rim.CheckValidity)
		validity.Name = w.kind + suffixValidity
		list = check.List{list[0], validity, w.fit(result, d)}
		usable := list[2].Status == check.Pass
		if s.revocation.Len() > 0 {
			revoked := s.revocation.Check(w.kind+suffixRevocation, result.Path, 0, s.policy.Now)
			list = append(list, revoked)
			usable = usable && revoked.Status != check.Fail
		}
		if usable {
			ref.manifest, ref.corim = result.Manifest, result.CoRIM
			break
		}
	}
	if ref.Result == nil {
		list[0].Code, list[0].Detail = "no-reference", fmt.Sprintf("there is no manifest %s among %d files; perhaps it was never published", w.id, s.Len())
	}
	return ref, list, nil
}

func notReached(name string) check.Check {
	return check.Check{Name: name, Status: check.Unknown, Code: check.NotReached}
}

// candidates are the files that may hold a manifest, those that are called so first.
func (m *Manifests) candidates(w want) []*manifestFile {
	if m == nil {
		return nil
	}
	var list []*manifestFile
	for _, f := range m.files {
		if w.fits(f) {
			list = append(list, f)
		}
	}
	slices.SortStableFunc(list, func(a, b *manifestFile) int { return strings.Compare(a.name, b.name) })
	return list
}

func (s *search) verify(f *manifestFile) (*rim.Result, error) {
	key := verified{f, s.question}
	s.mu.Lock()
	r := s.kept[key]
	s.mu.Unlock()
	if r != nil {
		return r, nil
	}
	r, err := rim.VerifyFile(f.document, s.policy)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil || len(s.kept) >= maxKept {
		s.kept = map[verified]*rim.Result{}
	}
	s.kept[key] = r
	return r, nil
}

// accepted says whether a manifest is its maker's, by the first check that does not pass.
func accepted(w want, f *manifestFile, r *rim.Result) check.Check {
	c := check.Check{Name: w.kind + suffixManifest, Status: check.Pass}
	if r.Manifest != nil || r.CoRIM != nil {
		return c
	}
	for _, bad := range r.Checks {
		if bad.Status != check.Pass && bad.Code != check.NotReached {
			c.Status, c.Code, c.Offset = bad.Status, bad.Code, bad.Offset
			c.Detail = filepath.Base(f.name) + ": " + bad.Name + ": " + bad.Detail
			break
		}
	}
	return c
}

// fit says whether a manifest is for this device: its version, its chip, and a signer
// that signs for this chip. What its file is called does not count.
func (w want) fit(r *rim.Result, d *nvidia.Device) check.Check {
	m := r.Manifest
	c := check.Check{Name: w.kind + suffixFit, Status: check.Fail}
	if m == nil { // one in CBOR says of each value which component of which chip it is for
		c.Status = check.Pass
		return c
	}
	switch signer := signerChip(r); {
	case !strings.EqualFold(m.Version, w.version):
		c.Code, c.Detail = "version", fmt.Sprintf("the manifest is of version %s, the report of %s", m.Version, w.version)
	case m.Edition != w.edition:
		c.Code, c.Detail = "edition", fmt.Sprintf("the manifest is for a %s, not for a %s", m.Edition, w.edition)
	case m.Manufacturer != enterprise:
		c.Code, c.Detail = "manufacturer", fmt.Sprintf("the manifest is of the manufacturer %q, NVIDIA's number is %s", m.Manufacturer, enterprise)
	case !isChip(m.Product, d):
		c.Code, c.Detail = "product", fmt.Sprintf("the manifest is for %s, the device is %s", m.Product, d.Chip)
	case signer != "" && chipName(signer) != chipName(m.Product):
		c.Code, c.Detail = "signer", fmt.Sprintf("the signer signs for %s, the manifest is for %s", signer, m.Product)
	case m.Active() == 0:
		c.Status, c.Code, c.Detail = check.Unknown, "empty-manifest", "no entry of the manifest counts: it states nothing"
	default:
		c.Status = check.Pass
	}
	return c
}

// enterprise is NVIDIA's private enterprise number (IANA).
const enterprise = "5703"

// isChip says whether a manifest's product is the device's chip, by its certificate or,
// where newer drivers state it, by its report.
func isChip(product string, d *nvidia.Device) bool {
	return chipName(product) == chipName(d.Chip) || d.Model != nil && chipName(product) == chipName(*d.Model)
}

// chipName is a chip without what separates its name: certificates write LS_10.
func chipName(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "_", "")) }

// signerChip is the chip that the CA of a signer is for: its name is "NVIDIA Reference
// Value GH100 CA". "" where no certificate is named so.
func signerChip(r *rim.Result) string {
	for _, c := range r.Path {
		if rest, ok := strings.CutPrefix(c.Subject.CommonName, "NVIDIA Reference Value "); ok {
			if chip, ok := strings.CutSuffix(rest, " CA"); ok {
				return chip
			}
		}
	}
	return ""
}

// Document is what a file in which a manifest is looked for holds: a SWID tag or a CoRIM;
// nil for another file.
func Document(name string, b []byte) ([]byte, error) {
	var m Manifests
	if is, err := m.Add(name, b); !is || err != nil {
		return nil, err
	}
	return m.files[0].document, nil
}
