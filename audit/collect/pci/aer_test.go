package pci

import (
	"errors"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

// nonfatal is a file as Linux 6.1 writes it (drivers/pci/pcie/aer.c).
const nonfatal = `Undefined 0
DLP 0
SDES 0
TLP 2
FCP 0
CmpltTO 1
CmpltAbrt 0
UnxCmplt 0
RxOF 0
MalfTLP 0
ECRC 0
UnsupReq 7
ACSViol 0
UncorrIntErr 0
BlockedTLP 0
AtomicOpBlocked 0
TLPBlockedErr 0
PoisonTLPBlocked 0
TOTAL_ERR_NONFATAL 10
`

func TestParseAER(t *testing.T) {
	for _, tc := range []struct {
		name, text, total string
		want              uint64
		is                error
	}{
		{"unsupported requests are left out", nonfatal, "TOTAL_ERR_NONFATAL", 3, nil},
		{"correctable", "RxErr 4\nBadTLP 0\nTOTAL_ERR_COR 4\n", "TOTAL_ERR_COR", 4, nil},
		{"a total that hides counts", "RxErr 4\nTOTAL_ERR_COR 0\n", "TOTAL_ERR_COR", 4, nil},
		{"counts that the total alone has", "RxErr 0\nTOTAL_ERR_COR 5\n", "TOTAL_ERR_COR", 5, nil},
		{"no total", "RxErr 4\n", "TOTAL_ERR_COR", 0, collect.ErrMalformed},
		{"another file's total", nonfatal, "TOTAL_ERR_FATAL", 0, collect.ErrMalformed},
		{"no number", "RxErr -1\nTOTAL_ERR_COR 0\n", "TOTAL_ERR_COR", 0, collect.ErrMalformed},
		{"overflow", "A 9223372036854775807\nB 9223372036854775807\nTOTAL_ERR_COR 1\n", "TOTAL_ERR_COR", 0, collect.ErrMalformed},
		{"more unsupported requests than errors", "UnsupReq 7\nTOTAL_ERR_COR 1\n", "TOTAL_ERR_COR", 0, nil},
		{"empty", "", "TOTAL_ERR_COR", 0, collect.ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseAER(tc.text, tc.total)
			if got != tc.want || !errors.Is(err, tc.is) {
				t.Errorf("got %d, %v; want %d, %v", got, err, tc.want, tc.is)
			}
		})
	}
}

func FuzzParseAER(f *testing.F) {
	f.Add(nonfatal)
	f.Add("RxErr 4\nTOTAL_ERR_NONFATAL 0\n")
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := parseAER(text, "TOTAL_ERR_NONFATAL"); err != nil && n != 0 {
			t.Errorf("%d with %v", n, err)
		}
	})
}
