# METADATA
# description: |
#   The arithmetic of ECCN 3A090 (15 CFR 774 Supp. 1): total processing
#   performance and performance density of the part in the catalogue, and on which
#   side of the thresholds they are. The states are "yes", "no" and "unknown".
package gpuaudit.threshold

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
arithmetic := concat("; ", [product, quotient])

product := sprintf("TPP = %v x %d = %v", [part.dense_tops, part.bit_length, rounded(tpp)]) if factors

product := sprintf("TPP = %v (%s)", [rounded(tpp), object.get(part, "tpp_basis", "no basis stated")]) if not factors

quotient := sprintf("performance density = %v / %v mm2 = %v", [rounded(tpp), part.die_mm2, rounded(density)])

quotient := "performance density unknown: the die area is not in the catalogue" if not part.die_mm2

# bandwidth is the memory bandwidth in words.
bandwidth := sprintf("memory bandwidth %v GB/s", [part.bandwidth_gbs])

bandwidth := "memory bandwidth not in the catalogue" if not part.bandwidth_gbs

rounded(x) := round(x * 100) / 100

# lacking are the facts without which the thresholds cannot be decided.
lacking contains "/catalogue/accelerator/tpp" if not tpp

lacking contains "/catalogue/accelerator/die_mm2" if not part.die_mm2

lacking contains "/catalogue/accelerator/market" if not part.market
