package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/stored"
)

// diffData says what the data of a channel would change of a stored report: its facts are
// judged twice on one day, by the program's own data and by the channel's, and nothing else
// differs. The report's own verdict does not count, nor what it was held against.
func (a *app) diffData(ctx context.Context, f *inputFlags, t *reportTrust, name string, shown *message.Language) ([]report.Change, error) {
	if f.reference.data == "" {
		return nil, errors.New("diff compares OLD with NEW, or one report's answers by the program's data with those by --channel-data")
	}
	believed, err := t.asked(a)
	if err != nil {
		return nil, err
	}
	old, err := a.readAny(name, believed)
	if err != nil {
		return nil, err
	}
	q := &old.Report.Question
	f.question.Jurisdiction, f.question.Profile, f.question.Origin = inventory.TextOr(q.Jurisdiction, ""), inventory.TextOr(q.Profile, ""), inventory.TextOr(q.Origin, "")
	f.now = t.now
	var reports [2]*report.Report
	for i := range reports {
		given := *f
		if i == 0 {
			given.reference = referenceFlags{}
		}
		if reports[i], err = a.judgedAgain(ctx, &given, stored.Facts(old.Report, "").Case); err != nil {
			return nil, err
		}
	}
	a.remark("data: %s", dataOf(reports[1]))
	return report.Diff(reports[0].In(shown), reports[1].In(shown)), nil
}

// judgedAgain judges facts by what the flags name.
func (a *app) judgedAgain(ctx context.Context, f *inputFlags, c audit.Case) (*report.Report, error) {
	in, err := f.read(ctx, a)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	audited, err := audit.New(ctx, in)
	if err != nil {
		return nil, err
	}
	return audited.Conclude(ctx, c)
}

// dataOf names the data that came by a channel.
func dataOf(r *report.Report) string {
	text := ""
	for _, d := range r.DataSets {
		if d.From != "" {
			text += fmt.Sprintf(", %s of %s from %s", d.Name, d.Date, d.From)
		}
	}
	if text == "" {
		return "the channel has none that are newer than the program's"
	}
	return text[2:]
}
