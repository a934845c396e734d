package gpuaudit.threshold_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.threshold

states(row) := [a, b] if {
	a := threshold.state_a with input as given.part(row)
	b := threshold.state_b with input as given.part(row)
}

shown(row) := s if s := threshold.arithmetic with input as given.part(row)

# The worked examples of the technical notes.
test_worked_examples if {
	states(given.a100) == ["yes", "no"]
	states(given.h100) == ["yes", "no"]
	states(given.h20) == ["no", "no"]
	states(given.rtx4090) == ["yes", "no"]
	states(given.rtx4090d) == ["no", "no"]
	states(given.l40) == ["no", "yes"]
	states(given.l40s) == ["yes", "no"]
	states(given.b200) == ["yes", "no"]
	states(given.h200) == ["yes", "no"]
	states(given.mi300x) == ["yes", "no"]
	states(given.mi325x) == ["yes", "no"]
	states(given.rtx5090) == ["yes", "no"]
	states(given.rtx5090d) == ["no", "no"]
}

test_arithmetic if {
	shown(given.a100) == "TPP = 312 x 16 = 4992; performance density = 4992 / 826 mm2 = 6.04"
	shown(given.h100) == "TPP = 1979 x 8 = 15832; performance density = 15832 / 814 mm2 = 19.45"
	shown(given.h20) == "TPP = 296 x 8 = 2368; performance density = 2368 / 814 mm2 = 2.91"
	shown(given.rtx4090) == "TPP = 5285 (published); performance density = 5285 / 609 mm2 = 8.68"
	shown(given.rtx4090d) == "TPP = 4707 (published); performance density = 4707 / 609 mm2 = 7.73"
	shown(given.l40s) == "TPP = 733 x 8 = 5864; performance density = 5864 / 609 mm2 = 9.63"
	shown(given.l40) == "TPP = 362 x 8 = 2896; performance density = 2896 / 609 mm2 = 4.76"
	shown(given.rtx5090) == "TPP = 1676 x 4 = 6704; performance density = 6704 / 750 mm2 = 8.94"
	shown(given.rtx5090d) == "TPP = 4750 (published); performance density = 4750 / 750 mm2 = 6.33"
	shown(given.mi325x) == "TPP = 2614 x 8 = 20912; performance density unknown: the die area is not in the catalogue"
	shown(given.b200) == "TPP = 4500 x 8 = 36000; performance density unknown: the die area is not in the catalogue"
}

test_the_factors_stand_over_the_product if {
	row := object.union(given.h20, {"tpp": 9999})
	threshold.tpp == 2368 with input as given.part(row)
}

test_boundary_of_performance if {
	states(given.stated("at", "consumer", 4800, 609)) == ["yes", "no"]
	states(given.stated("below", "consumer", 4799.99, 609)) == ["no", "no"]
	states(given.stated("at", "data-centre", 1600, 270)) == ["yes", "no"]
	states(given.stated("below", "data-centre", 1599.99, 200)) == ["no", "no"]
}

test_boundary_of_density if {
	states(given.stated("at", "data-centre", 2960, 500)) == ["yes", "no"]
	states(given.stated("below", "data-centre", 2959.9, 500)) == ["no", "yes"]
	states(given.stated("3.2", "data-centre", 1600, 500)) == ["no", "yes"]
	states(given.stated("below 3.2, below 2400", "data-centre", 1599.9, 500)) == ["no", "no"]
	states(given.stated("1.6", "data-centre", 2400, 1500)) == ["no", "yes"]
	states(given.stated("below 1.6", "data-centre", 2399, 1500)) == ["no", "no"]
}

# The consumer note lifts .a and .b.
test_consumer_note_comes_first if {
	states(given.stated("dense", "consumer", 4707, 100)) == ["no", "no"]
	states(given.stated("dense", null, 4707, 609)) == ["unknown", "no"]
	states(given.stated("middling", null, 2896, 609)) == ["no", "unknown"]
}

test_missing_figures if {
	states(given.stated("no tpp", "consumer", null, 609)) == ["unknown", "unknown"]
	states(given.stated("no die", "data-centre", 2368, null)) == ["unknown", "unknown"]
	states(given.stated("no die", "data-centre", 5000, null)) == ["yes", "no"]
	threshold.lacking == {"/catalogue/accelerator/tpp", "/catalogue/accelerator/die_mm2", "/catalogue/accelerator/market"} with input as given.part({"name": "x"})
}
