package advisory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// csaf is what is read of a document of CSAF 2.0 (OASIS, November 2022, section 3.2).
type csaf struct {
	Document struct {
		Tracking struct {
			ID       string `json:"id"`
			Current  string `json:"current_release_date"`
			Released string `json:"initial_release_date"`
		} `json:"tracking"`
		Publisher struct {
			Namespace string `json:"namespace"`
		} `json:"publisher"`
		References []csafReference `json:"references"`
	} `json:"document"`
	Products struct {
		Branches []csafBranch  `json:"branches"`
		Names    []csafProduct `json:"full_product_names"`
	} `json:"product_tree"`
	Vulnerabilities []csafVulnerability `json:"vulnerabilities"`
}

type csafReference struct {
	Category string `json:"category"`
	URL      string `json:"url"`
}

type csafBranch struct {
	Category string       `json:"category"`
	Name     string       `json:"name"`
	Product  *csafProduct `json:"product"`
	Branches []csafBranch `json:"branches"`
}

type csafProduct struct {
	ID     string `json:"product_id"`
	Name   string `json:"name"`
	Helper struct {
		PURL string `json:"purl"`
	} `json:"product_identification_helper"`
}

type csafVulnerability struct {
	CVE string `json:"cve"`
	IDs []struct {
		Text string `json:"text"`
	} `json:"ids"`
	Status struct {
		Affected   []string `json:"known_affected"`
		First      []string `json:"first_affected"`
		Fixed      []string `json:"fixed"`
		FirstFixed []string `json:"first_fixed"`
	} `json:"product_status"`
	Scores []struct {
		Products []string `json:"products"`
		V3       *struct {
			Base   *float64 `json:"baseScore"`
			Vector string   `json:"vectorString"`
		} `json:"cvss_v3"`
	} `json:"scores"`
}

// product is a leaf of the product tree: what it is called, and its version or range.
type product struct {
	name, pkg string
	version   *Version
	span      *span
	problem   error // of the version
	windows   bool
}

func readCSAF(document []byte) (*Advisory, error) {
	var d csaf
	if err := strictjson.Decode(document, strictjson.Limits{Bytes: Limit, Unknown: true}, &d); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	t := d.Document.Tracking
	a := &Advisory{Format: "csaf", ID: t.ID, Published: day(t.Released), publisher: d.Document.Publisher.Namespace}
	if !idForm.MatchString(t.ID) || a.Published == "" {
		return nil, fmt.Errorf("%w: tracking has no id, or no day of its first release", ErrMalformed)
	}
	for _, r := range d.Document.References {
		if strings.HasPrefix(r.URL, "https://") && (a.URL == "" || r.Category == "self") {
			a.URL = r.URL
		}
	}
	if a.URL == "" && strings.HasPrefix(d.Document.Publisher.Namespace, "https://") {
		a.URL = d.Document.Publisher.Namespace
	}
	if a.URL == "" {
		return nil, fmt.Errorf("%w: it has no address that a reader can open", ErrMalformed)
	}
	products := map[string]*product{}
	if err := gather(products, d.Products.Branches, "", "", 0); err != nil {
		return nil, err
	}
	for _, p := range d.Products.Names {
		products[p.ID] = leaf("", "product_name", p.Name, &p)
	}
	for _, p := range products {
		if p.windows {
			a.note("%s: what it says of products for Windows", t.ID)
			break
		}
	}
	for i := range d.Vulnerabilities {
		if err := a.vulnerability(&d.Vulnerabilities[i], products); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// gather goes through the tree of products. name is that of the product_name above, system
// that of the architecture, where NVIDIA says for what a driver is: Linux(R580).
func gather(products map[string]*product, branches []csafBranch, name, system string, depth int) error {
	if depth == maxDepth {
		return fmt.Errorf("%w: the tree of products is deeper than %d", ErrMalformed, maxDepth)
	}
	for _, b := range branches {
		below, on := name, system
		switch b.Category {
		case "product_name":
			below = b.Name
		case "architecture":
			on = b.Name
		}
		if b.Product != nil {
			if len(products) == maxProducts {
				return fmt.Errorf("%w: more than %d products", ErrMalformed, maxProducts)
			}
			p := leaf(below, b.Category, b.Name, b.Product)
			p.windows = strings.HasPrefix(on, "Windows") && !strings.Contains(on, "Linux")
			products[b.Product.ID] = p
		}
		if err := gather(products, b.Branches, below, on, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// leaf reads a product's version where its branch states one. NVIDIA gives the product's
// name as that of the branch, and the version as that of the product.
func leaf(name, category, branch string, of *csafProduct) *product {
	p := &product{name: name, pkg: packageOf(of.Helper.PURL)}
	text := branch
	if category == "product_version" {
		if p.version, p.problem = ParseVersion(branch); p.problem != nil {
			if v, err := ParseVersion(of.Name); err == nil {
				p.version, p.problem = v, nil
			}
			if name == "" {
				p.name = branch
			}
		}
		return p
	}
	if category == "product_version_range" {
		p.span, p.problem = parseSpan(text)
		return p
	}
	p.problem = fmt.Errorf("%.80q states no version", of.Name)
	if p.name == "" {
		p.name = of.Name
	}
	return p
}

// vulnerability takes the fixed versions of one vulnerability, by product.
func (a *Advisory) vulnerability(v *csafVulnerability, products map[string]*product) error {
	id := v.CVE
	if id == "" && len(v.IDs) > 0 {
		id = v.IDs[0].Text
	}
	if !idForm.MatchString(id) {
		return fmt.Errorf("%w: a vulnerability without an id", ErrMalformed)
	}
	affected, fixed := map[string][]*product{}, map[string][]*Version{}
	for _, p := range a.named(id, slices.Concat(v.Status.Affected, v.Status.First), products) {
		affected[p.key()] = append(affected[p.key()], p)
	}
	for _, p := range a.named(id, slices.Concat(v.Status.FirstFixed, v.Status.Fixed), products) {
		if p.version != nil {
			fixed[p.key()] = append(fixed[p.key()], p.version)
		}
	}
	keys := []string{}
	for key := range affected {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		score := v.score(affected[key], products)
		if err := a.product(id, affected[key], fixed[key], score); err != nil {
			return err
		}
	}
	return nil
}

func (p *product) key() string { return p.name + "\x00" + p.pkg }

// named are the products of these ids, but those for Windows, whose versions have numbers
// of their own among those for Linux. One that the tree does not have is a fault of the
// document, and is said.
func (a *Advisory) named(id string, ids []string, products map[string]*product) (list []*product) {
	for _, name := range ids {
		switch p := products[name]; {
		case p == nil:
			a.note("%s: the tree has no product %.80q", id, name)
		case !p.windows:
			list = append(list, p)
		}
	}
	return list
}

// product takes what is said of one product: the ends of its ranges; else the one version
// that mends it, which then counts for every version below.
func (a *Advisory) product(id string, affected []*product, fixed []*Version, score *float64) error {
	f := Fix{ID: id, Product: affected[0].name, Package: affected[0].pkg, Score: score}
	slices.SortFunc(fixed, (*Version).compare)
	fixed = slices.CompactFunc(fixed, func(x, y *Version) bool { return *x == *y })
	ranges, lowest := 0, (*Version)(nil)
	for _, p := range affected {
		switch {
		case p.span != nil:
			ranges++
			f.From, f.Fixed = p.span.from, p.span.fixed
			if f.Fixed == nil { // the next version that is said to mend it
				at := slices.IndexFunc(fixed, func(v *Version) bool { return v.compare(p.span.last) > 0 })
				if at < 0 {
					a.note("%s: %.80q: affected up to %s, and no version is said to mend it", id, f.Product, p.span.last)
					continue
				}
				f.Fixed = fixed[at]
			}
			if err := a.add(f); err != nil {
				return err
			}
		case p.version != nil && (lowest == nil || p.version.compare(lowest) < 0):
			lowest = p.version
		}
	}
	switch exact := !slices.ContainsFunc(affected, func(p *product) bool { return p.version == nil }); {
	case ranges > 0:
	case len(fixed) == 1:
		f.From, f.Fixed = nil, fixed[0]
		if exact {
			f.From = lowest
		}
		return a.add(f)
	case len(fixed) == 0:
		a.note("%s: %.80q: no version is said to mend it", id, f.Product)
	default:
		return a.lines(f, fixed)
	}
	return nil
}

// lines takes several fixed versions of a product without ranges: each is of its own line,
// by the first number, as drivers have them. Two of one line cannot be told apart.
func (a *Advisory) lines(f Fix, fixed []*Version) error {
	for i, v := range fixed {
		if i > 0 && fixed[i-1][0] == v[0] {
			a.note("%s: %.80q: %s and %s mend it, and no range says which of them a version needs", f.ID, f.Product, fixed[i-1], v)
			return nil
		}
	}
	for _, v := range fixed {
		f.From, f.Fixed = &Version{v[0]}, v
		if err := a.add(f); err != nil {
			return err
		}
	}
	return nil
}

// score is the highest of those for one of the products.
func (v *csafVulnerability) score(of []*product, products map[string]*product) (worst *float64) {
	for _, s := range v.Scores {
		concerns := slices.ContainsFunc(s.Products, func(id string) bool { return slices.Contains(of, products[id]) })
		if s.V3 == nil || !concerns {
			continue
		}
		base := s.V3.Base
		if base == nil {
			base = BaseScore(s.V3.Vector)
		}
		if base != nil && *base >= 0 && *base <= 10 && (worst == nil || *base > *worst) {
			worst = base
		}
	}
	return worst
}
