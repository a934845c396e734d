# METADATA
# description: |
#   The arithmetic of ECCN 3A090 (15 CFR 774 Supp. 1): total processing
#   performance and performance density of the part in the catalogue, and on which
#   side of the thresholds they are. The states are "yes", "no" and "unknown".
package gpuaudit.threshold

import data.gpuaudit.verdict

part := input.catalogue.accelerator

# tpp is total processing performance. A published dense rate counts a
# multiply-accumulate as two operations already, so it is the rate times the bit
# length, and doubling it again is the commonest error.
tpp := part.dense_tops * part.bit_length

tpp := part.tpp if not factors

factors if {
	part.dense_tops
	part.bit_length
}

# density is performance density: TPP per mm2 of die. Parts of several dies have
# no die area in the catalogue.
density := tpp / part.die_mm2

# consumer: not designed or marketed for data centres (note 2 to 3A090).
consumer if part.market == "consumer"

# state_a is ECCN 3A090.a. The note on consumer parts comes before the density,
# or parts that were made to stay below the threshold would be caught.
state_a := "unknown" if {
	not tpp
} else := "yes" if {
	tpp >= 4800
} else := "no" if {
	consumer
} else := "no" if {
	tpp < 1600
} else := "no" if {
	density < 5.92
} else := "yes" if {
	density >= 5.92
	part.market == "data-centre"
} else := "unknown"

# state_b is ECCN 3A090.b, which .a precedes.
state_b := "unknown" if {
	not tpp
} else := "no" if {
	state_a == "yes"
} else := "no" if {
	consumer
} else := "no" if {
	tpp < 1600
} else := "unknown" if {
	not density
} else := "no" if {
	not limb
} else := "yes" if {
	part.market == "data-centre"
} else := "unknown"

limb if {
	tpp >= 2400
	density >= 1.6
	density < 5.92
}

limb if {
	density >= 3.2
	density < 5.92
}

# arithmetic shows how the figures came about.
arithmetic := verdict.msg("threshold.arithmetic", {"product": product, "quotient": quotient})

product := verdict.msg("threshold.product", {"tops": part.dense_tops, "bits": part.bit_length, "tpp": rounded(tpp)}) if factors

product := verdict.msg("threshold.stated", {"tpp": rounded(tpp), "basis": object.get(part, "tpp_basis", verdict.msg("threshold.no_basis", {}))}) if not factors

quotient := verdict.msg("threshold.density", {"tpp": rounded(tpp), "area": part.die_mm2, "density": rounded(density)})

quotient := verdict.msg("threshold.no_density", {}) if not part.die_mm2

# bandwidth is the memory bandwidth in words.
bandwidth := verdict.msg("threshold.bandwidth", {"rate": part.bandwidth_gbs})

bandwidth := verdict.msg("threshold.no_bandwidth", {}) if not part.bandwidth_gbs

# figures are those that the duties and licences on chips ask for.
figures := verdict.msg("threshold.figures", {"product": product, "bandwidth": bandwidth})

rounded(x) := round(x * 100) / 100

# lacking are the facts without which the thresholds cannot be decided.
lacking contains "/catalogue/accelerator/tpp" if not tpp

lacking contains "/catalogue/accelerator/die_mm2" if not part.die_mm2

lacking contains "/catalogue/accelerator/market" if not part.market

# bands are those of the section 232 duty, exclusive at both ends (HTSUS note 39(b)):
# TPP, then GB/s.
bands := [
	{"tpp": [14000, 17500], "bandwidth": [4500, 5000]},
	{"tpp": [20800, 21100], "bandwidth": [5800, 6200]},
]

within(x, band) if {
	x > band[0]
	x < band[1]
}

# dutiable: the part lies in a band.
dutiable if {
	some band in bands
	within(tpp, band.tpp)
	within(part.bandwidth_gbs, band.bandwidth)
}
