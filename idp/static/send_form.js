"use strict";
// Sends the one form of the page "Back to the application", so that nobody has to press its button.
document.getElementById("answer").submit();
