package purchase_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/purchase"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const whole = `version: 1
seller: Example Trading GmbH
origin: CN
date: "2026-11-20"
price: "1999.00"
currency: EUR
hts: "8473.30.1180"
component_makers: [Samsung, SK hynix]
invoice_sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
`

func TestParse(t *testing.T) {
	r, err := purchase.Parse([]byte(whole), now)
	if err != nil {
		t.Fatal(err)
	}
	want := facts.Purchase{
		Seller: new("Example Trading GmbH"), Date: new("2026-11-20"), Price: new("1999.00 EUR"), HTS: new("8473.30.1180"),
		ComponentMakers: []string{"Samsung", "SK hynix"}, InvoiceSHA256: new(strings.Repeat("a", 64)),
	}
	if diff := cmp.Diff(want, r.Facts()); diff != "" || r.Origin != "CN" {
		t.Errorf("origin %q, facts differ: %s", r.Origin, diff)
	}
	if r, err := purchase.Parse([]byte(`{"version": 1, "origin": "TW"}`), now); err != nil || r.Origin != "TW" {
		t.Errorf("JSON gives %+v, %v", r, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct{ name, old, new, says string }{
		{"another version", "version: 1", "version: 2", "reads version 1"},
		{"an unknown field", "seller:", "vendor:", "vendor"},
		{"a field twice", "origin: CN", "origin: CN\norigin: TW", "already defined"},
		{"a country in words", "origin: CN", "origin: China", "the ISO 3166-1 alpha-2 code"},
		{"no country", "origin: CN", "origin: XX", "the ISO 3166-1 alpha-2 code"},
		{"a day that is none", "2026-11-20", "2026-02-30", "give a day"},
		{"a day to come", "2026-11-20", "2026-11-25", "after the clock"},
		{"a price with a sign", "1999.00", "-1", "quoted decimal"},
		{"a price without currency", "currency: EUR\n", "", "go together"},
		{"a tariff number in words", "8473.30.1180", "graphics card", "tariff number"},
		{"a short digest", "aaaa\n", "aaa\n", "64 hexadecimal"},
		{"a digest in capitals", "aaaa\n", "AAAA\n", "64 hexadecimal"},
		{"a control character", "Example Trading", "Example\\x1bTrading", ""},
		{"a maker without a name", "Samsung,", "'',", "is no name"},
		{"a second document", "version: 1", "version: 1\n---\nversion: 1", "follows"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := strings.Replace(whole, tc.old, tc.new, 1)
			if tc.name == "a control character" {
				text = strings.Replace(whole, "Example Trading GmbH", `"Example\u001bTrading"`, 1)
			}
			if _, err := purchase.Parse([]byte(text), now); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error is %v, want %q", err, tc.says)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"version": 1, "origin": "TW"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := purchase.Parse(text, now); err == nil && (len(r.Seller) > 800 || r.Origin != "" && len(r.Origin) != 2) {
			t.Errorf("%+v", r)
		}
	})
}
