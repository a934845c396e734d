package advisory

import (
	"math"
	"strings"
)

// metrics are the weights of CVSS 3.0 and 3.1 (specification document, section 7.4); those
// of privileges for an unchanged scope.
var metrics = map[string]map[string]float64{
	"AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
	"AC": {"L": 0.77, "H": 0.44},
	"PR": {"N": 0.85, "L": 0.62, "H": 0.27},
	"UI": {"N": 0.85, "R": 0.62},
	"S":  {"U": 0, "C": 1},
	"C":  {"H": 0.56, "L": 0.22, "N": 0},
	"I":  {"H": 0.56, "L": 0.22, "N": 0},
	"A":  {"H": 0.56, "L": 0.22, "N": 0},
}

// BaseScore works out the base score of a vector of CVSS 3.0 or 3.1 (section 7.1). It is nil
// for others: the score of version 4 is looked up and not worked out, and its table is not
// carried here.
func BaseScore(vector string) *float64 {
	version, rest, _ := strings.Cut(vector, "/")
	if version != "CVSS:3.0" && version != "CVSS:3.1" {
		return nil
	}
	w, letter := map[string]float64{}, map[string]string{}
	for metric := range strings.SplitSeq(rest, "/") {
		name, value, _ := strings.Cut(metric, ":")
		weights, base := metrics[name]
		if !base {
			continue // temporal and environmental ones
		}
		weight, known := weights[value]
		if _, twice := w[name]; !known || twice {
			return nil
		}
		w[name], letter[name] = weight, value
	}
	if len(w) != len(metrics) {
		return nil
	}
	changed := letter["S"] == "C"
	if changed {
		switch letter["PR"] {
		case "L":
			w["PR"] = 0.68
		case "H":
			w["PR"] = 0.5
		}
	}
	iss := 1 - (1-w["C"])*(1-w["I"])*(1-w["A"])
	impact := 6.42 * iss
	if changed {
		impact = 7.52*(iss-0.029) - 3.25*math.Pow(iss-0.02, 15)
	}
	score := 0.0
	if impact > 0 {
		score = impact + 8.22*w["AV"]*w["AC"]*w["PR"]*w["UI"]
		if changed {
			score *= 1.08
		}
		score = roundUp(math.Min(score, 10))
	}
	return &score
}

// roundUp is that of appendix A: to the next tenth, without what floating point adds.
func roundUp(x float64) float64 {
	n := int(math.Round(x * 100_000))
	if n%10_000 == 0 {
		return float64(n) / 100_000
	}
	return (math.Floor(float64(n)/10_000) + 1) / 10
}
