// Package purchase reads purchase records: what the papers of the goods say,
// for the questions that no bus can answer. A record is the user's word; nothing
// here says that it is true, or what follows from it.
package purchase

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gpuaudit/gpuaudit/attest/strictyaml"
	"github.com/gpuaudit/gpuaudit/audit/country"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
	"github.com/gpuaudit/gpuaudit/audit/offer"
)

// Limit caps a record, in bytes.
const Limit = 64 << 10

// maxComponents caps the makers that a record names.
const maxComponents = 64

// maxName caps a name, in characters.
const maxName = 200

// Record is a purchase record. A field that the papers do not have is left out.
type Record struct {
	Version int    `yaml:"version"`
	Seller  string `yaml:"seller"`
	// SoldAs is what the seller calls the card, in the seller's words.
	SoldAs string `yaml:"sold_as"`
	// Origin is the country of origin, ISO 3166-1 alpha-2.
	Origin string `yaml:"origin"`
	// Date is the day of the purchase, YYYY-MM-DD.
	Date string `yaml:"date"`
	// EntryDate is the day on which customs took the goods in, YYYY-MM-DD.
	EntryDate string `yaml:"entry_date"`
	// Price is a decimal number, Currency its ISO 4217 code.
	Price    string `yaml:"price"`
	Currency string `yaml:"currency"`
	// HTS is the US tariff number.
	HTS             string   `yaml:"hts"`
	ComponentMakers []string `yaml:"component_makers"`
	InvoiceSHA256   string   `yaml:"invoice_sha256"`
	EndUseSHA256    string   `yaml:"end_use_sha256"`
}

var (
	amount   = lazyregexp.New(`^[0-9]{1,12}(\.[0-9]{1,4})?$`)
	currency = lazyregexp.New(`^[A-Z]{3}$`)
	tariff   = lazyregexp.New(`^[0-9]{4}(\.[0-9]{2}(\.[0-9]{2}([0-9]{2}|\.[0-9]{2})?)?)?$`)
	digest   = lazyregexp.New(`^[0-9a-f]{64}$`)
)

// Parse reads a record strictly: unknown and repeated fields, and values that are
// not of the form of their field, are refused. A purchase after now is, too.
func Parse(text []byte, now time.Time) (*Record, error) {
	var r Record
	if err := strictyaml.Unmarshal(text, Limit, &r); err != nil {
		return nil, err
	}
	if r.Version != 1 {
		return nil, fmt.Errorf("version is %d: this program reads version 1", r.Version)
	}
	for _, f := range []struct {
		field, value, want string
		fits               func(string) bool
	}{
		{"seller", r.Seller, "at most 200 printable characters", isName},
		{"sold_as", r.SoldAs, "the seller's words, at most 300 printable characters", offer.Readable},
		{"origin", r.Origin, "the ISO 3166-1 alpha-2 code of a country", func(s string) bool { return country.Check(s) == nil }},
		{"price", r.Price, "a quoted decimal number such as \"1999.00\"", amount.MatchString},
		{"currency", r.Currency, "three capital letters (ISO 4217)", currency.MatchString},
		{"hts", r.HTS, "a quoted tariff number such as \"8473.30.1180\"", tariff.MatchString},
		{"invoice_sha256", r.InvoiceSHA256, "64 hexadecimal digits in lower case", digest.MatchString},
		{"end_use_sha256", r.EndUseSHA256, "64 hexadecimal digits in lower case", digest.MatchString},
	} {
		if f.value != "" && !f.fits(f.value) {
			return nil, fmt.Errorf("%s is %.40q: give %s", f.field, f.value, f.want)
		}
	}
	if (r.Price == "") != (r.Currency == "") {
		return nil, fmt.Errorf("price and currency go together")
	}
	if len(r.ComponentMakers) > maxComponents {
		return nil, fmt.Errorf("component_makers has %d names, at most %d", len(r.ComponentMakers), maxComponents)
	}
	for _, m := range r.ComponentMakers {
		if !isName(m) {
			return nil, fmt.Errorf("component_makers: %.40q is no name", m)
		}
	}
	for _, d := range []struct{ field, day string }{{"date", r.Date}, {"entry_date", r.EntryDate}} {
		if err := past(d.day, now); err != nil {
			return nil, fmt.Errorf("%s %w", d.field, err)
		}
	}
	if r.Date != "" && r.EntryDate != "" && r.EntryDate < r.Date {
		return nil, fmt.Errorf("entry_date %s is before the date of the purchase, %s", r.EntryDate, r.Date)
	}
	return &r, nil
}

// past says that a day is one, and not after the clock of the audit; "" is none.
func past(s string, now time.Time) error {
	if s == "" {
		return nil
	}
	day, err := time.Parse(time.DateOnly, s)
	switch {
	case err != nil:
		return fmt.Errorf("is %.40q: give a day such as 2026-11-01", s)
	case day.After(now):
		return fmt.Errorf("%s is after the clock of the audit (%s)", s, now.Format(time.DateOnly))
	}
	return nil
}

// isName says that a text can stand in a report. A pattern of the same classes takes
// 8 ms to compile, at every start of the program.
func isName(s string) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxName &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Facts is the record as rules see it.
func (r *Record) Facts() facts.Purchase {
	p := facts.Purchase{
		Seller: inventory.Fact(r.Seller), Date: inventory.Fact(r.Date), EntryDate: inventory.Fact(r.EntryDate), HTS: inventory.Fact(r.HTS), ComponentMakers: r.ComponentMakers,
		InvoiceSHA256: inventory.Fact(r.InvoiceSHA256), EndUseSHA256: inventory.Fact(r.EndUseSHA256),
	}
	if r.Price != "" {
		p.Price = inventory.Fact(r.Price + " " + r.Currency)
	}
	return p
}
