"use strict";
page(showMe, () => {});
