// Package country knows the codes of countries (ISO 3166-1 alpha-2), so that a
// question about a place that does not exist is not answered by silence.
package country

import (
	"fmt"
	"strings"
)

// Union is the code of the European Union, which is no country and is taken where a
// place is meant.
const Union = "EU"

// codes are the officially assigned ones (ISO 3166-1, November 2026).
const codes = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
	"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"

// Codes lists all of them.
func Codes() []string { return strings.Fields(codes) }

// meant are codes that people use and ISO does not.
var meant = map[string]string{"UK": "GB", "EL": "GR"}

// Check says what is wrong with a code; nil for one of ISO 3166-1 alpha-2 and for
// [Union].
func Check(code string) error {
	upper := strings.ToUpper(code)
	switch {
	case code == Union || known(code):
		return nil
	case meant[upper] != "":
		return fmt.Errorf("%.40q: the ISO 3166-1 code is %s", code, meant[upper])
	case upper == Union || known(upper):
		return fmt.Errorf("%.40q: country codes are in capitals: %s", code, upper)
	}
	return fmt.Errorf("%.40q is no country: give its ISO 3166-1 alpha-2 code, such as US, DE or CN, or EU", code)
}

func known(code string) bool {
	return len(code) == 2 && code[0] != ' ' && code[1] != ' ' && strings.Contains(codes, code)
}

// OfLocale is the country that a locale names (de_DE.UTF-8), "" where it names none.
func OfLocale(locale string) string {
	locale, _, _ = strings.Cut(locale, ".")
	locale, _, _ = strings.Cut(locale, "@")
	if _, code, ok := strings.Cut(locale, "_"); ok && known(code) {
		return code
	}
	return ""
}
