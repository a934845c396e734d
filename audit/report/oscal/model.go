package oscal

// The part of OSCAL's assessment results that is written, under the names of its JSON form
// (pages.nist.gov/OSCAL, assessment-results). All of it is in versions 1.1.2 to 1.2.3.

type document struct {
	Results assessmentResults `json:"assessment-results"`
}

type assessmentResults struct {
	UUID       string     `json:"uuid"`
	Metadata   metadata   `json:"metadata"`
	ImportAP   importAP   `json:"import-ap"`
	Results    []result   `json:"results"`
	BackMatter backMatter `json:"back-matter"`
}

type metadata struct {
	Title        string `json:"title"`
	LastModified string `json:"last-modified"`
	Version      string `json:"version"`
	OSCALVersion string `json:"oscal-version"`
	Remarks      string `json:"remarks,omitempty"`
}

type importAP struct {
	Href    string `json:"href"`
	Remarks string `json:"remarks,omitempty"`
}

type backMatter struct {
	Resources []resource `json:"resources"`
}

type resource struct {
	UUID        string `json:"uuid"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

type result struct {
	UUID         string            `json:"uuid"`
	Title        string            `json:"title"`
	Description  string            `json:"description"`
	Start        string            `json:"start"`
	End          string            `json:"end"`
	Props        []prop            `json:"props,omitempty"`
	Local        *localDefinitions `json:"local-definitions,omitempty"`
	Reviewed     reviewedControls  `json:"reviewed-controls"`
	Observations []observation     `json:"observations,omitempty"`
	Risks        []risk            `json:"risks,omitempty"`
	Findings     []controlFinding  `json:"findings,omitempty"`
	Remarks      string            `json:"remarks,omitempty"`
}

// prop is a name and a value. A value is one line that does not begin or end with a
// space, and is not empty; a name is a token.
type prop struct {
	Name  string `json:"name"`
	NS    string `json:"ns"`
	Value string `json:"value"`
}

type localDefinitions struct {
	Items []inventoryItem `json:"inventory-items"`
}

type inventoryItem struct {
	UUID        string `json:"uuid"`
	Description string `json:"description"`
	Props       []prop `json:"props,omitempty"`
}

type reviewedControls struct {
	Selections []controlSelection `json:"control-selections"`
}

type controlSelection struct {
	Description string            `json:"description"`
	Include     []includedControl `json:"include-controls"`
}

type includedControl struct {
	ID string `json:"control-id"`
}

type observation struct {
	UUID        string     `json:"uuid"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Props       []prop     `json:"props"`
	Methods     []string   `json:"methods"`
	Types       []string   `json:"types"`
	Subjects    []subject  `json:"subjects"`
	Evidence    []evidence `json:"relevant-evidence,omitempty"`
	Collected   string     `json:"collected"`
	Remarks     string     `json:"remarks,omitempty"`
}

type subject struct {
	UUID string `json:"subject-uuid"`
	Type string `json:"type"`
}

type evidence struct {
	Description string `json:"description"`
}

type risk struct {
	UUID        string            `json:"uuid"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Statement   string            `json:"statement"`
	Props       []prop            `json:"props"`
	Status      string            `json:"status"`
	Deadline    string            `json:"deadline,omitempty"`
	Remediation []response        `json:"remediations,omitempty"`
	Related     []relatedObserved `json:"related-observations"`
}

type response struct {
	UUID        string `json:"uuid"`
	Lifecycle   string `json:"lifecycle"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

type relatedObserved struct {
	UUID string `json:"observation-uuid"`
}

type relatedRisk struct {
	UUID string `json:"risk-uuid"`
}

type controlFinding struct {
	UUID        string            `json:"uuid"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Target      target            `json:"target"`
	Observed    []relatedObserved `json:"related-observations"`
	Risks       []relatedRisk     `json:"related-risks,omitempty"`
}

type target struct {
	Type   string `json:"type"`
	ID     string `json:"target-id"`
	Status status `json:"status"`
}

type status struct {
	State  string `json:"state"`
	Reason string `json:"reason"`
}
