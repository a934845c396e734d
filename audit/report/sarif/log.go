package sarif

// The objects of SARIF 2.1.0 (OASIS, errata 01) that are written, with the members that
// are used of them. Sections are those of the standard.

// log is the sarifLog object (3.13).
type log struct {
	Schema  string `json:"$schema"`
	Version string `json:"version"`
	Runs    []run  `json:"runs"`
}

// run is 3.14.
type run struct {
	Tool        tool         `json:"tool"`
	Automation  automation   `json:"automationDetails"`
	Invocations []invocation `json:"invocations"`
	Artifacts   []artifact   `json:"artifacts,omitempty"`
	Results     []result     `json:"results"`
	ColumnKind  string       `json:"columnKind"`
}

// tool is 3.18, driver the toolComponent (3.19).
type tool struct {
	Driver driver `json:"driver"`
}

type driver struct {
	Name           string `json:"name"`
	Version        string `json:"version,omitempty"`
	InformationURI string `json:"informationUri"`
	Rules          []rule `json:"rules"`
}

// automation is runAutomationDetails (3.17). GitHub takes what is before the last slash
// for the category of an upload.
type automation struct {
	ID string `json:"id"`
}

// rule is a reportingDescriptor (3.49).
type rule struct {
	ID      string        `json:"id"`
	Short   text          `json:"shortDescription"`
	Full    text          `json:"fullDescription"`
	Help    text          `json:"help"`
	HelpURI string        `json:"helpUri,omitempty"`
	Default configuration `json:"defaultConfiguration"`
	Bag     ruleBag       `json:"properties"`
}

// text is a message (3.11) or a multiformatMessageString (3.12).
type text struct {
	Text string `json:"text"`
}

type configuration struct {
	Level string `json:"level"`
}

type ruleBag struct {
	Tags []string `json:"tags"`
	// Severity is GitHub's, a number from 0.0 to 10.0 as a string.
	Severity string `json:"security-severity,omitempty"`
}

// invocation is 3.20: one for each report.
type invocation struct {
	Successful    bool           `json:"executionSuccessful"`
	End           string         `json:"endTimeUtc"`
	ExitCode      int            `json:"exitCode"`
	Notifications []notification `json:"toolExecutionNotifications"`
	Bag           invocationBag  `json:"properties"`
}

type invocationBag struct {
	Verdict string `json:"gpuaudit/verdict"`
	Source  string `json:"gpuaudit/source,omitempty"`
	Version string `json:"gpuaudit/version"`
}

// notification is 3.58.
type notification struct {
	Level   string `json:"level"`
	Message text   `json:"message"`
}

// artifact is 3.24: a card or the host.
type artifact struct {
	Location    artifactLocation `json:"location"`
	Description text             `json:"description"`
	Roles       []string         `json:"roles"`
}

type artifactLocation struct {
	URI   string `json:"uri"`
	Index *int   `json:"index,omitempty"`
}

// result is 3.27.
type result struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Kind         string            `json:"kind"`
	Level        string            `json:"level"`
	Message      text              `json:"message"`
	Locations    []location        `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	Provenance   provenance        `json:"provenance"`
	Bag          resultBag         `json:"properties"`
}

// provenance is resultProvenance (3.48).
type provenance struct {
	Invocation int `json:"invocationIndex"`
}

type resultBag struct {
	Status   string   `json:"gpuaudit/status"`
	Severity string   `json:"gpuaudit/severity"`
	Decides  bool     `json:"gpuaudit/decides"`
	Missing  []string `json:"gpuaudit/missing,omitempty"`
}

// location is 3.28.
type location struct {
	Physical physical  `json:"physicalLocation"`
	Logical  []logical `json:"logicalLocations"`
}

type physical struct {
	Artifact artifactLocation `json:"artifactLocation"`
	Region   region           `json:"region"`
}

// region is 3.30: GitHub wants a line, and a card has none.
type region struct {
	StartLine int `json:"startLine"`
}

// logical is 3.33: the PCI address.
type logical struct {
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}
