package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/message"
)

// TableOptions are how the table is drawn; they change no content.
type TableOptions struct {
	Colour bool
	// Details adds every check that failed or could not be decided, by card; All those
	// that passed or do not apply, too.
	Details, All bool
	// Width is how many columns there are; 0 is 100.
	Width int
	// Locale is the country that the reader's locale names (ISO 3166-1 alpha-2), a guess
	// at where the card is used; "" where it names none. No answer rests on it.
	Locale string
	// Language is the reader's; nil is English.
	Language *message.Language
	// About says what a failure of a rule means; nil where nobody knows.
	About func(id string) *About
}

// Table writes the report for a person: the answers to five questions for each card,
// the verdict and what to do next; with details a block for each card with what it
// claims, what was verified, what failed, what is unknown and what to do, then the
// host. A report of an older version has no answers, and is shown in detail. Texts
// that come from devices are cleaned of control characters, so that a card cannot
// write to the terminal.
func Table(w io.Writer, r *Report, opts TableOptions) error {
	r = r.In(opts.Language)
	t := &table{r: r, opts: opts, devices: byAddress(&r.Inventory)}
	answered := slices.ContainsFunc(r.Devices, func(d Device) bool { return len(d.Answers) > 0 })
	details := opts.Details || opts.All
	switch {
	case answered && details:
		for _, g := range t.groups() {
			t.block(g)
		}
		t.b.WriteByte('\n')
		t.details()
	case details || !answered && r.judged() > 0:
		t.details()
	default:
		t.brief()
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// byAddress finds the facts of each device: looked up for each of many cards, they
// would be gone through once for each.
func byAddress(inv *inventory.Inventory) map[string]*inventory.Device {
	devices := make(map[string]*inventory.Device, len(inv.Devices))
	for i := range inv.Devices {
		devices[inv.Devices[i].Address] = &inv.Devices[i]
	}
	return devices
}

func (t *table) details() {
	r := t.r
	t.of = byOwner(Sorted(r.Findings))
	for i := range r.Devices {
		if r.Devices[i].Role == "" {
			t.device(&r.Devices[i])
		}
	}
	if r.judged() > 0 {
		t.host()
	}
	t.listedOnly()
	t.problems()
	t.verdict()
}

type table struct {
	b       strings.Builder
	r       *Report
	opts    TableOptions
	devices map[string]*inventory.Device
	// of are the findings of each owner, the gravest first, for the details.
	of map[string][]finding.Finding
}

func (t *table) device(d *Device) {
	inv := t.inventory(d.Address)
	fmt.Fprintf(&t.b, "%s  %s  %s\n", t.bold(Clean(d.Address)), t.bold(Clean(t.r.title(inv, d))), t.status(d.Status))
	t.row(t.label("claims"), t.say(claims(inv)))
	t.row(t.label("verified"), t.say(verified(d)))
	t.row(t.label("identity"), t.say(d.Identity.text()))
	if a := t.r.offer(d); a != nil {
		t.row(t.label("sold_as"), t.say(message.Say("offer.line", message.Params{"text": d.Reference.Offer.Text, "sentence": a.Sentence})))
	}
	if d.Restrictions != nil {
		t.row(t.label("law"), t.say(d.Restrictions.text()))
	}
	if len(d.Reference.Sightings) > 0 {
		t.row(t.label("seen"), t.say(seen(d.Reference.Sightings)))
	}
	if ran := ranLine(t.r.Attestation, d.Address); ran.Text != "" {
		t.row(t.label("ran"), t.say(ran))
	}
	if proof := proofLine(t.r.GPUProof, d.Address); proof != "" {
		t.row(t.label("proof"), proof)
	}
	for _, w := range inv.Witnesses {
		if len(w.Notes) > 0 {
			t.row(t.label("witness"), w.Name+": "+strings.Join(w.Notes, "; "))
		}
	}
	t.findings(d.Address, inv, inv.Gaps)
	t.b.WriteByte('\n')
}

// listedOnly is a line for each adapter that was not judged, and for what was seen
// and is no problem of this audit.
func (t *table) listedOnly() {
	n := 0
	for i := range t.r.Devices {
		if d := &t.r.Devices[i]; d.Role != "" {
			n++
			fmt.Fprintf(&t.b, "%s  %s  %s\n", t.bold(Clean(d.Address)), Clean(t.r.title(t.inventory(d.Address), d)), Clean(t.say(d.roleText())))
		}
	}
	for i := range t.r.Inventory.Unaudited {
		u := &t.r.Inventory.Unaudited[i]
		if !slices.Contains(t.r.Problems, NotAudited(u)) {
			n++
			fmt.Fprintf(&t.b, "%s  %s\n", t.bold(Clean(u.Name)), Clean(t.say(message.Say("table.not_audited", message.Params{"what": u.Detail}))))
		}
	}
	if n > 0 {
		t.b.WriteByte('\n')
	}
}

// roleText says why a device is only listed.
func (d *Device) roleText() message.Said {
	what := message.Plain(d.Role)
	switch d.Role {
	case "management-display":
		what = message.Say("role.management", nil)
	case "virtual-display":
		what = message.Say("role.virtual", nil)
	}
	return message.Say("role.listed", message.Params{"what": what, "device": d.Address})
}

func (t *table) host() {
	fmt.Fprintf(&t.b, "%s  %s\n", t.bold(t.label("host")), Clean(t.say(hostLine(&t.r.Inventory.Host))))
	if a := t.r.Attestation; a != nil {
		t.row(t.label("boot"), t.say(bootLine(a)))
	}
	if p := t.r.GPUProof; p != nil {
		t.row(t.label("gpus"), t.say(proofsLine(p, t.r.Attestation)))
	}
	t.findings("host", nil, t.r.Inventory.Host.Gaps)
	t.b.WriteByte('\n')
}

// findings lists failures, then what could not be decided and why, then counts
// the rest, then says what to do. With All, every check is listed.
func (t *table) findings(owner string, d *inventory.Device, gaps []inventory.Gap) {
	var passed, notApplicable int
	var unknown []finding.Finding
	var next []string
	for _, f := range t.of[owner] {
		switch f.Status {
		case finding.Fail, finding.Waived:
			t.finding(f)
		case finding.Disabled:
			if f.Changed == nil || f.Changed.Status == finding.Fail || f.Changed.Status == finding.Unknown {
				t.finding(f)
			}
		case finding.Pass:
			passed++
		case finding.NotApplicable:
			notApplicable++
		default:
			unknown = append(unknown, f)
		}
		if f.Status == finding.Fail && f.Remediation != "" && !slices.Contains(next, f.Remediation) {
			next = append(next, f.Remediation)
		}
	}
	next = append(next, t.unknowns(unknown, d, gaps, t.r.Inventory.Host.ReadByRoot)...)
	t.row(t.label("passed"), t.say(message.Count(passed, "table.passed", message.Params{"not_applicable": notApplicable})))
	if t.opts.All {
		t.listed(owner)
	}
	for i, n := range next {
		name := ""
		if i == 0 {
			name = t.label("next")
		}
		t.row(name, fmt.Sprintf("%d. %s", i+1, n))
	}
}

// listed writes every check that did not fail in full.
func (t *table) listed(owner string) {
	for _, f := range t.of[owner] {
		if f.Status != finding.Fail && f.Status != finding.Waived {
			t.finding(f)
		}
	}
}

func (t *table) finding(f finding.Finding) {
	t.item(t.paint(t.say(saidLabel(&f)), f.Status), f.Severity, f.ID+"  "+f.Title)
	if f.Detail != "" {
		t.item("", "", f.Detail)
	}
	if said := changed(&f); said.Text != "" {
		t.item("", "", t.say(said))
	}
	if w := f.Waiver; w != nil {
		t.item("", "", t.say(waivedBy(w)))
		if w.Covers != "" {
			t.item("", "", t.say(message.Say("table.covers", message.Params{"what": w.Covers})))
		}
	}
}

// saidLabel is what a rule said, in a word.
func saidLabel(f *finding.Finding) message.Said {
	switch {
	case f.Status == finding.Fail && f.Effective != nil:
		return label("warning")
	case f.Status == finding.Fail:
		return label("failed")
	case f.Status == finding.Pass:
		return label("passed")
	case f.Status == finding.NotApplicable:
		return label("n_a")
	}
	return message.Word("label.", string(f.Status))
}

// label is what a line begins with.
func label(name string) message.Said { return message.Say("label."+name, nil) }

func (t *table) label(name string) string { return t.say(label(name)) }

// waivedBy says who accepts a finding, until when, and why.
func waivedBy(w *finding.Waiver) message.Said {
	return message.Say("table.waived", message.Params{"owner": w.Owner, "approver": w.Approver, "until": until(w.Expires), "reason": w.Reason})
}

// until is the last day of an expiry at midnight, or the moment of another one.
func until(expires time.Time) string {
	if expires = expires.UTC(); !expires.Truncate(24 * time.Hour).Equal(expires) {
		return expires.Format(time.RFC3339)
	}
	return expires.Add(-time.Second).Format(time.DateOnly)
}

// text names a pack, and what it disables.
func (p *Pack) text() message.Said {
	if len(p.Disabled) == 0 {
		return message.Say("table.pack", message.Params{"pack": p.Name})
	}
	ids := make([]string, len(p.Disabled))
	for i, d := range p.Disabled {
		ids[i] = d.ID
	}
	return message.Say("table.pack_disables", message.Params{"pack": p.Name, "ids": ids})
}

// changed says what a pack made of the rule behind a finding.
func changed(f *finding.Finding) message.Said {
	c := f.Changed
	if c == nil {
		return message.Said{}
	}
	params := message.Params{"pack": c.Pack, "reason": c.Reason, "status": message.Word("result.", string(c.Status)), "as": string(f.Severity), "severity": string(c.Severity)}
	switch {
	case f.Status == finding.Disabled:
		return message.Say("table.disabled", params)
	case c.Required && c.Severity == f.Severity:
		return message.Say("table.required", params)
	case c.Required:
		return message.Say("table.required_as", params)
	}
	return message.Say("table.as", params)
}

func (t *table) problems() {
	for _, p := range t.r.Problems {
		name := t.label("problem")
		if !p.Decides() {
			name = t.label("aside")
		}
		fmt.Fprintf(&t.b, "%-7s  %s: %s\n", name, Clean(p.Input), Clean(p.Cause))
	}
	if len(t.r.Problems) > 0 {
		t.b.WriteByte('\n')
	}
}

func (t *table) verdict() {
	v := t.r.Verdict
	fmt.Fprintf(&t.b, "%-7s  %s\n", t.label("verdict"), t.verdictWord())
	for _, reason := range v.Reasons {
		t.row("", Clean(reason))
	}
	if n := t.r.judged(); n > 0 {
		t.row("", t.say(message.Count(n, "table.counts", message.Params{"fail": v.Counts.Fail, "unknown": v.Counts.Unknown, "pass": v.Counts.Pass,
			"waived": v.Counts.Waived, "not_applicable": v.Counts.NotApplicable})))
	}
	for _, c := range t.r.Catalogues {
		line := message.Say("table.catalogue", message.Params{"name": c.Name, "signer": c.Signer})
		if len(c.Replaced) > 0 {
			line = message.Say("table.catalogue_replaces", message.Params{"name": c.Name, "signer": c.Signer, "replaced": c.Replaced})
		}
		t.row("", t.say(line))
	}
	if p := t.r.Policy; p != nil {
		signed := message.Say("table.unsigned", nil)
		if p.Signed {
			signed = message.Say("table.signed", nil)
		}
		t.row("", t.say(message.Count(p.Rules, "table.own_rules", message.Params{"source": Clean(p.Source), "signed": signed, "digest": fmt.Sprintf("%.16s", Clean(p.SHA256))})))
	}
	if p := t.r.Pack; p != nil {
		t.row("", t.say(p.text()))
	}
	if t.r.Notice != "" {
		t.row("", t.r.Notice)
	}
	t.row("", t.say(message.Say("table.judged", message.Params{"time": t.r.Now.Format("2006-01-02 15:04:05Z07:00"), "tool": Clean(t.r.Tool.Name + " " + t.r.Tool.Version), "data": ages(t.r)})))
}

// row writes a label and a text that is wrapped beside it.
func (t *table) row(label, text string) { t.columns(label, "", 0, text) }

// item is a row with a severity before the text.
func (t *table) item(label string, severity finding.Severity, text string) {
	t.columns(label, Clean(t.say(message.Word("severity.", string(severity)))), 10, text)
}

func (t *table) columns(label, second string, width int, text string) {
	for _, line := range Wrap(Clean(text), 88-width) {
		fmt.Fprintf(&t.b, "  %s%s  %-*s%s\n", label, strings.Repeat(" ", max(0, 8-visible(label))), width, second, line)
		label, second = "", ""
	}
}

// breaks says that a line may end at a character. A no-break space, which French has before
// a colon, is none.
func breaks(r rune) bool { return r != noBreak && unicode.IsSpace(r) }

// noBreak is U+00A0, a space that lines do not end at.
const noBreak = '\u00a0'

// Wrap breaks a text at spaces into lines of at most width runes, longer only
// where a single word is.
func Wrap(text string, width int) []string {
	var lines []string
	line, length := "", 0
	for word := range strings.FieldsFuncSeq(text, breaks) {
		n := len([]rune(word))
		switch {
		case length == 0:
			line, length = word, n
		case length+1+n <= width:
			line, length = line+" "+word, length+1+n
		default:
			lines = append(lines, line)
			line, length = word, n
		}
	}
	return append(lines, line)
}

func (t *table) inventory(address string) *inventory.Device {
	if d := t.devices[address]; d != nil {
		return d
	}
	return &inventory.Device{Address: address}
}

// byOwner groups findings by the device or the host that they are of, in their order.
func byOwner(findings []finding.Finding) map[string][]finding.Finding {
	of := map[string][]finding.Finding{}
	// Those of one owner come together, as rules are asked: they are looked at where they
	// are, and copied only where an owner comes again.
	for from, to := 0, 0; from < len(findings); from = to {
		owner := findings[from].Device
		for to = from; to < len(findings) && findings[to].Device == owner; to++ {
		}
		if before, again := of[owner]; again {
			of[owner] = append(before, findings[from:to]...)
		} else {
			of[owner] = findings[from:to:to]
		}
	}
	return of
}

// Sorted orders findings by device, gravest failures first, then unknowns.
func Sorted(findings []finding.Finding) []finding.Finding {
	sorted := slices.Clone(findings)
	slices.SortStableFunc(sorted, func(a, b finding.Finding) int {
		if c := order(a.Status) - order(b.Status); c != 0 {
			return c
		}
		if c := b.Severity.Rank() - a.Severity.Rank(); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return sorted
}

func order(s finding.Status) int {
	return slices.Index([]finding.Status{finding.Fail, finding.Unknown, finding.Waived, finding.Disabled, finding.Pass, finding.NotApplicable}, s)
}
