package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"troupe/actors"
	"troupe/actors/gateway/api/roster"
	"troupe/actors/master/board"
	"troupe/messages"
)

// NewImport is the body of POST /accounts/import: a list, or the files of a Node worker's data folder.
type NewImport struct {
	CSV      string            `json:"csv,omitempty"`      // a list with the columns platform, name, proxy, tags, id
	Files    map[string]string `json:"files,omitempty"`    // of a data folder, by their paths in it; storage states are logins in the plain
	Platform string            `json:"platform,omitempty"` // of the rows that name none
	Tags     []string          `json:"tags,omitempty"`     // that every account gets beside its own
	DryRun   bool              `json:"dry_run,omitempty"`  // only say what would be done
}

// Import says what became of each row.
type Import struct {
	DryRun  bool        `json:"dry_run"`
	Rows    []ImportRow `json:"rows"` // in the order of the file
	Added   int         `json:"added"`
	Refused int         `json:"refused"`
}

// ImportRow is the result of one row.
type ImportRow struct {
	Place    string     `json:"place"` // where it stands: line 3, or the name of a file
	Account  string     `json:"account,omitempty"`
	Platform string     `json:"platform"`
	Name     string     `json:"name"`
	Proxy    string     `json:"proxy,omitempty"`
	Tags     []string   `json:"tags"`
	Outcome  string     `json:"outcome"`           // ready: a dry run would add it; added; exists: nothing was done; refused; failed: it was added, its login was not
	Message  string     `json:"message,omitempty"` // why, and what to do
	Login    *StateFile `json:"login,omitempty"`   // what its storage state holds; absent = it has none and waits for a QR code
	Notes    []string   `json:"notes"`             // what is not taken over
}

// The outcomes of a row.
const (
	rowReady   = "ready"
	rowAdded   = "added"
	rowExists  = "exists"
	rowRefused = "refused"
	rowFailed  = "failed"
)

// rowsMost is how many accounts one import may have.
const rowsMost = 1000

// importAccounts adds accounts of a list or a folder; a dry run says of each what would become of it. Sent again, it adds what is
// missing.
func (a *API) importAccounts(w http.ResponseWriter, r *http.Request) error {
	var body NewImport
	if err := decode(r, &body); err != nil {
		return err
	}
	rows, err := body.rows()
	if err != nil {
		return err
	}
	out := Import{DryRun: body.DryRun, Rows: make([]ImportRow, 0, len(rows))}
	names, ids := map[string]bool{}, map[string]bool{}
	for _, row := range rows {
		one := &incoming{API: a, row: row, board: a.Board.Load()}
		one.check(names, ids)
		if !body.DryRun && one.out.Outcome == rowReady {
			one.bring(r.Context())
		}
		switch one.out.Outcome {
		case rowAdded, rowFailed:
			out.Added++
		case rowRefused:
			out.Refused++
		}
		out.Rows = append(out.Rows, one.out)
	}
	return answer(w, http.StatusOK, out)
}

// rows reads the list, with what the body says for all of them.
func (body *NewImport) rows() (rows []roster.Row, err error) {
	switch {
	case (body.CSV == "") == (len(body.Files) == 0):
		return nil, invalid("send either \"csv\" or \"files\"")
	case body.CSV != "":
		rows, err = roster.ReadCSV([]byte(body.CSV))
	default:
		files := make(map[string][]byte, len(body.Files))
		for name, text := range body.Files {
			files[name] = []byte(text)
		}
		rows, err = roster.ReadFolder(files)
	}
	switch {
	case err != nil:
		return nil, invalid("%v", err)
	case len(rows) > rowsMost:
		return nil, invalid("the list has %d accounts; at most %d at a time", len(rows), rowsMost)
	}
	for i := range rows {
		if rows[i].Platform == "" {
			rows[i].Platform = body.Platform
		}
		rows[i].Tags = append(rows[i].Tags, body.Tags...)
	}
	return rows, nil
}

// incoming is one row on its way.
type incoming struct {
	*API
	row   roster.Row
	board *board.Board
	plain []byte // its login as the master takes it
	out   ImportRow
}

func (in *incoming) refuse(why string) { in.out.Outcome, in.out.Message = rowRefused, why }

// check says what would become of the row; names and ids are those of the rows before it.
func (in *incoming) check(names, ids map[string]bool) {
	row := in.row
	in.out = ImportRow{
		Place: row.Place, Platform: row.Platform, Name: row.Name, Proxy: row.Proxy, Tags: append([]string{}, row.Tags...),
		Notes: append([]string{}, row.Notes...), Outcome: rowReady,
	}
	if row.Problem != "" {
		in.refuse(row.Problem)
		return
	}
	p := platformNamed(in.board, row.Platform)
	switch {
	case row.Platform == "":
		in.refuse("the platform is missing")
		return
	case p == nil:
		in.refuse("no platform is named " + row.Platform + "; see: troupe platform list")
		return
	case row.Name == "" || utf8.RuneCountInString(row.Name) > 50:
		in.refuse("the name must have 1 to 50 characters")
		return
	}
	in.out.Platform = string(p.Name)
	if id := strings.ToLower(row.ID); messages.AccountID(id).Valid() {
		in.out.Account = id
	} else if row.ID != "" {
		in.out.Notes = append(in.out.Notes, "the id is not taken over: the node makes one")
	}
	in.checkKnown(names, ids)
	if err := in.mayAdd(in.out.Account); err != nil && in.out.Outcome == rowReady {
		in.refuse(problemOf(err).Message)
		return
	}
	in.checkProxy()
	in.checkState()
}

// checkKnown finds an account that is there already, by its id or by its platform and name.
func (in *incoming) checkKnown(names, ids map[string]bool) {
	key := in.out.Platform + "\n" + in.out.Name
	if names[key] || in.out.Account != "" && ids[in.out.Account] {
		in.refuse("an earlier row has the same id, or the same platform and name")
		return
	}
	names[key], ids[in.out.Account] = true, true
	for _, acc := range in.board.Accounts {
		rec := acc.Record
		if rec.GetId() == in.out.Account || rec.GetPlatform() == in.out.Platform && rec.GetName() == in.out.Name {
			in.out.Outcome, in.out.Account, in.out.Message = rowExists, rec.GetId(), "there is such an account already; nothing was changed"
			return
		}
	}
}

func (in *incoming) checkProxy() {
	if in.row.Proxy != "" && in.board.Proxy(in.row.Proxy) == nil {
		in.refuse("no proxy is named " + in.row.Proxy + ": add it first, or write its address")
	}
	if in.row.Upstream != nil {
		in.out.Proxy = in.row.Upstream.Name()
		switch {
		case in.board.Proxy(in.out.Proxy) != nil:
		case in.who != nil:
			in.refuse("proxies are everybody's: have somebody add it who is not limited to some accounts, and name it here")
		default:
			in.out.Notes = append(in.out.Notes, "the proxy is added under the name "+in.out.Proxy)
		}
	}
}

func (in *incoming) checkState() {
	if in.row.State == nil {
		return
	}
	plain, holds, err := in.States.Read(in.row.State)
	if err != nil {
		in.refuse(err.Error())
		return
	}
	in.plain, in.out.Login = plain, &holds
}

// bring adds the account and then its login: it is added paused, so that no browser starts without what it is to be logged in with.
func (in *incoming) bring(ctx context.Context) {
	if err := in.bringProxy(ctx); err != nil {
		in.refuse(problemOf(err).Message)
		return
	}
	done, err := askIn[*messages.AccountDone](ctx, in.API, &messages.CreateAccount{
		Id: in.out.Account, Platform: in.out.Platform, Name: in.out.Name, Proxy: in.out.Proxy, Tags: in.out.Tags, Paused: in.plain != nil,
	})
	if err != nil {
		in.refuse(problemOf(err).Message)
		return
	}
	in.out.Account, in.out.Outcome = done.GetAccount().GetId(), rowAdded
	if in.plain == nil {
		return
	}
	if _, err := askIn[*messages.VaultWritten](ctx, in.API, &messages.WriteVault{Account: in.out.Account, State: in.plain}); err != nil {
		in.out.Outcome, in.out.Message = rowFailed, "added and left paused; its login was not written: "+problemOf(err).Message
		return
	}
	in.out.Login.Written = true
	if _, err := askIn[*messages.AccountDone](ctx, in.API, &messages.ResumeAccount{Account: in.out.Account}); err != nil {
		in.out.Outcome, in.out.Message = rowFailed, "added with its login, and left paused: "+problemOf(err).Message
	}
}

// bringProxy adds the row's own proxy, unless one of that name is there.
func (in *incoming) bringProxy(ctx context.Context) error {
	up := in.row.Upstream
	if up == nil || in.Board.Load().Proxy(up.Name()) != nil {
		return nil
	}
	_, err := askIn[*messages.ProxyDone](ctx, in.API, &messages.AddProxy{
		Name: up.Name(), Scheme: up.Scheme, Host: up.Host, Port: up.Port, Username: up.Username, Password: []byte(up.Password),
	})
	return err
}

// askIn asks the master within the time of a command.
func askIn[T any](ctx context.Context, a *API, command any) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	return actors.Ask[T](ctx, a.Root, a.Master, command)
}

// platformNamed finds a platform by its name, or by what people call it.
func platformNamed(b *board.Board, name string) *board.Platform {
	for _, p := range b.Platforms {
		called := []string{string(p.Name)}
		for _, title := range p.Title {
			called = append(called, title)
		}
		if slices.ContainsFunc(called, func(word string) bool { return strings.EqualFold(word, name) }) {
			return p
		}
	}
	return nil
}
