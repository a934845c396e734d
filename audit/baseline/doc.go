// Package baseline states what machines are that somebody trusts, so that a scan can
// say later whether they are unchanged: a signed manifest for each model of card in
// them, a trust file that lets one key speak for these and no others, signed waivers of
// what was accepted, and the settings that bring them into every scan. It states what
// was read, asks where cards of one model differ, and refuses a machine on which a grave
// check fails. It says nothing of whether the maker made it so.
package baseline
