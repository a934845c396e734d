package compare

import (
	"math"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/facts"
)

// Age dates the evidence; nil where it does not say when it was read.
func Age(collected, now time.Time) *facts.Evidence {
	if collected.IsZero() {
		return nil
	}
	days := int(math.Floor(now.Sub(collected).Hours() / 24))
	return &facts.Evidence{CollectedOn: collected.UTC().Format(time.DateOnly), AgeDays: days}
}
