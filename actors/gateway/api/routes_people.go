package api

// peopleRoutes are those about who may come in, and what was done.
func peopleRoutes() []Route {
	const v = Prefix
	return []Route{
		{"GET", v + "/session", Public, nil, noBody, "who you are, and whether the first admin is still to be made", (*API).showSession},
		{"POST", v + "/session", Public, nil, smallBody, "sign in, with a cookie", (*API).signIn},
		{"DELETE", v + "/session", Public, nil, noBody, "sign out", (*API).signOut},
		{"POST", v + "/first-admin", Public, nil, smallBody, "make the first admin, with the code that the node printed", (*API).claimFirst},
		{"PUT", v + "/session/password", Viewer, nil, smallBody, "change your own password; other sign-ins end", (*API).changePassword},

		{"GET", v + "/users", Admin, nil, noBody, "people, their roles and where they are signed in", (*API).listUsers},
		{"POST", v + "/users", Admin, nil, smallBody, "add a user", (*API).addUser},
		{"PATCH", v + "/users/{user}", Admin, nil, smallBody, "change a user's role, accounts or password; what is open ends", (*API).changeUser},
		{"DELETE", v + "/users/{user}", Admin, []string{"confirm"}, noBody, "remove a user", (*API).removeUser},
		{"DELETE", v + "/sessions/{signin}", Admin, nil, noBody, "sign a browser out", (*API).endSession},
		{"GET", v + "/tokens", Admin, nil, noBody, "tokens of machines, without their secrets", (*API).listTokens},
		{"POST", v + "/tokens", Admin, nil, smallBody, "make a token; its secret is shown once", (*API).createToken},
		{"DELETE", v + "/tokens/{token}", Admin, nil, noBody, "revoke a token; its connections end at once", (*API).revokeToken},
		{
			"GET", v + "/audit", Admin,
			[]string{"user", "from", "after", "before", "limit"},
			noBody,
			"who did what, when and from where", (*API).listAudit,
		},
		{"GET", v + "/audit/verify", Admin, nil, noBody, "check the whole audit log", (*API).verifyAudit},
	}
}

func peopleShapes() map[string]shape {
	return map[string]shape{
		"GET /session":          {answers: ok(Caller{})},
		"POST /session":         {NewSession{}, ok(Caller{})},
		"DELETE /session":       {answers: noContent},
		"POST /first-admin":     {FirstAdmin{}, created(Caller{})},
		"PUT /session/password": {NewPassword{}, noContent},

		"GET /users":                {answers: ok(Users{})},
		"POST /users":               {NewUser{}, created(User{})},
		"PATCH /users/{user}":       {UserChange{}, ok(User{})},
		"DELETE /users/{user}":      {answers: noContent},
		"DELETE /sessions/{signin}": {answers: noContent},
		"GET /tokens":               {answers: ok(Tokens{})},
		"POST /tokens":              {NewToken{}, created(Token{})},
		"DELETE /tokens/{token}":    {answers: ok(Token{})},
		"GET /audit":                {answers: ok(AuditList{})},
		"GET /audit/verify":         {answers: ok(AuditCheck{})},
	}
}
