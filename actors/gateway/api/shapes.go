package api

import (
	"maps"
	"net/http"
)

// shape says what a route takes and gives: it is what the OpenAPI document is made of, beside the table of routes.
type shape struct {
	body    any         // a value of the body's type; nil = none
	answers map[int]any // by status, a value of the answer's type, or a media; nil = no content
}

// media is an answer that is not JSON, by its media type.
type media string

const (
	pngMedia    media = "image/png"
	zipMedia    media = "application/zip"
	zstdMedia   media = "application/zstd"
	streamMedia media = "text/event-stream"
	textMedia   media = "text/plain"
	anyMedia    media = "*/*"
)

// nothing is the body of a command that has no fields.
type nothing struct{}

func ok(v any) map[int]any { return map[int]any{http.StatusOK: v} }

func created(v any) map[int]any { return map[int]any{http.StatusCreated: v} }

func accepted(v any) map[int]any { return map[int]any{http.StatusAccepted: v} }

var noContent = map[int]any{http.StatusNoContent: nil}

// shapes are the shapes of every route, by its method and path below the prefix; a test finds one that is missing.
func shapes() map[string]shape {
	all := map[string]shape{
		"GET /healthz": {answers: ok(Health{})},
		"GET /health":  {answers: ok(Health{})},
		"GET /readyz":  {answers: map[int]any{http.StatusOK: Readiness{}, http.StatusServiceUnavailable: Readiness{}}},
		"GET /metrics": {answers: ok(textMedia)},
	}
	own := ownShapes()
	maps.Copy(own, peopleShapes())
	for path, s := range own {
		method, rest := cutMethod(path)
		all[method+" "+Prefix+rest] = s
	}
	for path, s := range contractShapes() {
		method, rest := cutMethod(path)
		all[method+" "+ContractPrefix+rest] = s
		if _, taken := all[method+" "+Prefix+rest]; !taken {
			all[method+" "+Prefix+rest] = s
		}
	}
	return all
}

func ownShapes() map[string]shape {
	account := ok(Account{})
	return map[string]shape{
		"GET ":              {answers: ok(RouteTable{})},
		"GET /openapi.json": {answers: ok(map[string]any{})},
		"GET /status":       {answers: ok(Status{})},

		"GET /accounts":                       {answers: ok(Accounts{})},
		"POST /accounts":                      {NewAccount{}, created(Account{})},
		"GET /accounts/{account}":             {answers: account},
		"PATCH /accounts/{account}":           {AccountChange{}, account},
		"DELETE /accounts/{account}":          {answers: noContent},
		"POST /accounts/{account}/pause":      {Pause{}, account},
		"POST /accounts/{account}/resume":     {nothing{}, account},
		"POST /accounts/{account}/collect":    {nothing{}, accepted(Account{})},
		"POST /accounts/{account}/screenshot": {nothing{}, ok(pngMedia)},
		"POST /accounts/{account}/try":        {NewTrial{}, ok(Trial{})},
		"POST /accounts/{account}/record":     {NewRecording{}, ok(zipMedia)},
		"PUT /accounts/{account}/pin":         {Pin{}, account},
		"PUT /accounts/{account}/proxy":       {WayOut{}, account},
		"GET /accounts/{account}/state":       {answers: ok(map[string]any{})},
		"PUT /accounts/{account}/state":       {NewState{}, ok(StateFile{})},
		"GET /accounts/{account}/rounds":      {answers: ok(Rounds{})},

		"GET /accounts/{account}/evidence/{name}": {answers: ok(anyMedia)},

		"POST /accounts/import":               {NewImport{}, ok(Import{})},
		"POST /accounts/{account}/login-link": {NewLink{}, created(LoginLink{})},
		"POST /login-link":                    {OpenLink{}, ok(LinkedLogin{})},
		"GET /login-queue":                    {answers: ok(LoginQueue{})},
		"POST /login-queue":                   {NewLogins{}, ok(LoginQueue{})},
		"DELETE /login-queue":                 {answers: ok(LoginQueue{})},

		"POST /accounts/{account}/login": {NewLogin{}, created(Login{})},
		"GET /logins":                    {answers: ok(Logins{})},
		"GET /logins/{session}":          {answers: ok(Login{})},
		"POST /logins/{session}/input":   {Input{}, noContent},
		"DELETE /logins/{session}":       {answers: noContent},

		"GET /items":                   {answers: ok(Items{})},
		"GET /topics":                  {answers: ok(Topics{})},
		"GET /topics/{topic}/messages": {answers: ok(Thread{})},
		"POST /topics/{topic}/read":    {nothing{}, ok(Marked{})},

		"POST /replies":        {NewReply{}, map[int]any{http.StatusOK: Reply{}, http.StatusAccepted: Reply{}}},
		"GET /replies":         {answers: ok(Replies{})},
		"GET /replies/{reply}": {answers: ok(Reply{})},

		"GET /store/backup": {answers: ok(zstdMedia)},

		"GET /proxies":               {answers: ok(Proxies{})},
		"POST /proxies":              {NewProxy{}, created(Proxy{})},
		"GET /proxies/{proxy}":       {answers: ok(Proxy{})},
		"PATCH /proxies/{proxy}":     {ProxyChange{}, ok(Proxy{})},
		"DELETE /proxies/{proxy}":    {answers: noContent},
		"POST /proxies/{proxy}/test": {nothing{}, ok(Proxy{})},

		"GET /keys":          {answers: ok(Keys{})},
		"POST /keys/rotate":  {nothing{}, ok(Rotated{})},
		"DELETE /keys/{key}": {answers: ok(Keys{})},

		"GET /cluster":                        {answers: ok(ClusterPlace{})},
		"POST /cluster/tokens":                {body: NewJoinToken{}, answers: created(JoinToken{})},
		"GET /alarms":                         {answers: ok(Alarms{})},
		"GET /nodes":                          {answers: ok(Nodes{})},
		"DELETE /nodes/{worker}":              {answers: noContent},
		"POST /nodes/{worker}/drain":          {NewDrain{}, map[int]any{http.StatusOK: Stopped{}, http.StatusAccepted: Stopped{}}},
		"DELETE /nodes/{worker}/drain":        {answers: noContent},
		"GET /accounts/{account}/placement":   {answers: ok(Placement{})},
		"POST /accounts/{account}/move":       {Move{}, account},
		"GET /platforms":                      {answers: ok(Platforms{})},
		"GET /platforms/{platform}":           {answers: ok(Platform{})},
		"POST /platforms/{platform}/rollback": {Rollback{}, ok(Platform{})},
		"GET /changes":                        {answers: ok(Changes{})},
		"GET /events":                         {answers: ok(streamMedia)},
	}
}

func contractShapes() map[string]shape {
	account := ok(Enveloped[SafeAccount]{})
	return map[string]shape{
		"GET /accounts":              {answers: ok(Enveloped[[]SafeAccount]{})},
		"POST /accounts":             {ContractNewAccount{}, created(Enveloped[SafeAccount]{})},
		"GET /accounts/{account}":    {answers: account},
		"PATCH /accounts/{account}":  {ContractAccountChange{}, account},
		"DELETE /accounts/{account}": {answers: ok(Done{})},
		"GET /platforms":             {answers: ok(Enveloped[[]ContractPlatform]{})},
		"GET /proxies":               {answers: ok(Enveloped[[]ContractProxy]{})},
		"POST /proxies":              {ContractProxyChange{}, created(Enveloped[ContractProxy]{})},
		"PATCH /proxies/{proxy}":     {ContractProxyChange{}, ok(Enveloped[ContractProxy]{})},
		"DELETE /proxies/{proxy}":    {answers: ok(Done{})},
		"POST /proxies/{proxy}/test": {nothing{}, ok(Enveloped[ProxyTest]{})},

		"GET /accounts/status/all":                {answers: ok(Enveloped[[]AccountStatus]{})},
		"GET /workers":                            {answers: ok(Enveloped[[]Worker]{})},
		"GET /workers/{worker}":                   {answers: ok(Enveloped[Worker]{})},
		"GET /worker-configs":                     {answers: ok(Enveloped[[]WorkerConfig]{})},
		"POST /worker-configs":                    {body: map[string]any{}},
		"PATCH /worker-configs/{worker}":          {body: map[string]any{}},
		"DELETE /worker-configs/{worker}":         {},
		"POST /worker-lifecycle/{worker}/start":   {body: map[string]any{}},
		"POST /worker-lifecycle/{worker}/stop":    {Stop{}, map[int]any{http.StatusOK: Enveloped[Stopped]{}, http.StatusAccepted: Enveloped[Stopped]{}}},
		"POST /worker-lifecycle/{worker}/restart": {body: map[string]any{}},
		"GET /worker-lifecycle/{worker}/status":   {answers: ok(Runtime{})},
		"GET /worker-lifecycle/{worker}/logs":     {},
		"GET /cache/comments":                     {answers: ok(Enveloped[[]CachedComment]{})},
		"GET /cache/messages":                     {answers: ok(Enveloped[[]CachedMessage]{})},
	}
}

// parameter is what the document says of a parameter of that name, wherever it stands.
type parameter struct {
	kind  string // string integer boolean
	words []string
	text  string
}

var parameters = map[string]parameter{
	"account":  {kind: "string", text: "id of an account"},
	"evidence": {kind: "string", text: "name of a file of evidence"},
	"name":     {kind: "string", text: "name of a file, as the rounds name it"},
	"session":  {kind: "string", text: "id of a login"},
	"topic":    {kind: "string", text: "id of a topic"},
	"reply":    {kind: "string", text: "id of a reply"},
	"proxy":    {kind: "string", text: "name or id of a proxy"},
	"key":      {kind: "string", text: "id of a key"},
	"platform": {kind: "string", text: "name of a platform"},
	"worker":   {kind: "string", text: "name of a node"},
	"user":     {kind: "string", text: "name of a user; in a filter also token:NAME, pc-im or local"},
	"token":    {kind: "string", text: "id or name of a token"},
	"signin":   {kind: "string", text: "id of a sign-in"},
	"after":    {kind: "integer", text: "seq of an entry: only those after it, oldest first"},
	"before":   {kind: "integer", text: "seq of an entry: only those before it"},
	"from":     {kind: "integer", text: "Unix milliseconds: not before"},
	"state":    {kind: "string", text: "only what is in this state"},
	"tag":      {kind: "string", text: "only accounts with this tag"},
	"form":     {kind: "string", words: []string{formTroupe, formPlaywright}, text: "of the file"},
	"confirm":  {kind: "string", text: "the name of what is to be removed, once more"},

	"collection": {kind: "string", text: "one or more of contents, comments, discussions, conversations, messages, notifications, separated by commas"},
	"unread":     {kind: "boolean", text: "only what nobody has read"},
	"since":      {kind: "string", text: "a cursor: only what came after it"},
	"limit":      {kind: "integer", text: "how many at most"},
	"page":       {kind: "string", text: "the next of an earlier answer"},
	"kind":       {kind: "string", words: []string{workKind, conversationKind}, text: "only topics of this kind"},
	"open":       {kind: "boolean", text: "only open ones, or only cleared ones"},
	"login":      {kind: "string", text: "only this login, with its pictures"},
	"types":      {kind: "string", text: "one or more of item, account, reply, login, alarm, separated by commas"},

	"status":           {kind: "string", text: "only what has this status"},
	"worker_status":    {kind: "string", words: []string{"online", "offline", "error"}, text: "only accounts in this state"},
	"login_status":     {kind: "string", text: "only accounts with this login status"},
	"sort":             {kind: "string", text: "name of a field; one that cannot be sorted by changes nothing"},
	"order":            {kind: "string", text: "asc or desc"},
	"tail":             {kind: "integer", text: "how many lines"},
	"stream":           {kind: "string", text: "stdout or stderr"},
	"account_id":       {kind: "string", text: "id of an account"},
	"is_read":          {kind: "string", text: "0 or 1"},
	"created_at_start": {kind: "integer", text: "seconds: not before"},
	"created_at_end":   {kind: "integer", text: "seconds: not after"},
	"offset":           {kind: "integer", text: "how many to pass over"},
}
